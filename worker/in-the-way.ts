/** Which of several files can't be used, for a log that says more than that one can't: found by trying one after the other. */

/** Its name, and a use of it that rejects or throws if it can't be used. */
export type Look = readonly [name: string, look: () => Promise<unknown>];

/** The name of the first that fails; null: none does. */
export async function firstInTheWay(looks: readonly Look[]): Promise<string | null> {
  for (const [name, look] of looks) {
    try {
      await look();
    } catch {
      return name;
    }
  }
  return null;
}

/** Opens several things, and closes those again that were opened before one that can't be. */
export function openAll<T>(open: (opened: <S extends { close(): void }>(each: S) => S) => T): T {
  const done: { close(): void }[] = [];
  try {
    return open((each) => {
      done.push(each);
      return each;
    });
  } catch (error) {
    for (const each of done) each.close();
    throw error;
  }
}

/** Closes what was opened, whatever becomes of its use. */
export async function withOpen<T extends { close(): void }>(
  opened: T,
  use: (opened: T) => Promise<unknown>,
): Promise<void> {
  try {
    await use(opened);
  } finally {
    opened.close();
  }
}
