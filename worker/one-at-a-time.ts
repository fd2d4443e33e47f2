/** Work whose last run must be the one that counts, such as reading again what is stored. */

/** Each call runs after the one before has ended, however that ended; what is read last was asked for last. */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
