/** Waiting in tests for what other processes do. */
const LIMIT_MS = 20_000;
const POLL_MS = 100;

/** Resolves to the first that is not null; rejects after 20 s. */
export async function until<T>(look: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error("it never came to that");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
