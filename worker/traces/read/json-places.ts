/**
 * Parsed JSON, read member by member. A fault names the place and what belongs there; what stands there instead is never quoted, for
 * it may be content. Absent and `null` are one: encoders of protocol buffers write either.
 */

export type Members = Readonly<Record<string, unknown>>;

/** The message is a place in the source and what is wrong there, in our own words. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
}

/** Undefined for what is no JSON: the runtime's own words would quote it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws SourceFault */
export function toMembers(value: unknown, place: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SourceFault(`${place} is no object`);
  }
  // An object of JSON: whatever its members are, they are unknown.
  return value as Members;
}

/** Null if there is none. @throws SourceFault */
export function memberObject(of: Members, name: string, place: string): Members | null {
  const value = of[name] ?? null;
  return value === null ? null : toMembers(value, join(place, name));
}

/** Null if there is none. @throws SourceFault */
export function memberList(of: Members, name: string, place: string): readonly unknown[] | null {
  const value = of[name] ?? null;
  if (value === null) return null;
  if (!Array.isArray(value)) throw new SourceFault(`${join(place, name)} is no list`);
  return value;
}

/** What each item of a list of objects gives. @throws SourceFault */
export function eachObject<T>(
  of: Members,
  name: string,
  place: string,
  read: (item: Members, place: string) => readonly T[],
): T[] {
  return (memberList(of, name, place) ?? []).flatMap((item, i) => {
    const at = `${join(place, name)}[${i}]`;
    return read(toMembers(item, at), at);
  });
}

export function join(place: string, name: string): string {
  return place === "" ? name : `${place}.${name}`;
}
