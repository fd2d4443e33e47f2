/** What a column with a closed list holds, as the list's own type. */

/** The CHECKs of the columns allow nothing else. */
export function oneOf<T extends string>(list: readonly T[], value: string): T {
  const found = list.find((each) => each === value);
  if (found === undefined) throw new Error("a closed list holds what it does not allow");
  return found;
}
