/**
 * A clock that all processes of a run share, in ms with fractions. Wall clock: fit for differences within one machine only.
 */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}
