/** For tests with a limit in milliseconds: a busy machine may miss it once, what is too slow misses it every time. */

const TRIES = 3;

/** The least of up to three measurements; stops at the first below the limit. */
export async function bestOf(limitMs: number, measure: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < TRIES && best >= limitMs; i++) best = Math.min(best, await measure());
  return best;
}
