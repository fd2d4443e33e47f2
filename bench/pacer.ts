/**
 * The metronome of `load.ts`, in a thread of its own: says how many requests are due, to a fraction of a millisecond. The event
 * loop's own timers are too coarse, and a busy loop would take the core from the mock provider.
 */
import { sharedNowMs } from "./clock.ts";

/** Requests `0…total − 1` are due at `startMs + i × intervalMs` of the shared clock. */
export interface Pace {
  readonly startMs: number;
  readonly intervalMs: number;
  readonly total: number;
}

/** Posted back: how many requests are due by now, from the first on. */
export type Due = number;

declare const self: Worker;

const never = new Int32Array(new SharedArrayBuffer(4));

self.onmessage = (event: MessageEvent<Pace>) => {
  const { startMs, intervalMs, total } = event.data;
  for (let due: Due = 0; due < total;) {
    const waitMs = startMs + due * intervalMs - sharedNowMs();
    if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
    const dueNow = Math.min(total, Math.floor((sharedNowMs() - startMs) / intervalMs) + 1);
    if (dueNow > due) self.postMessage(dueNow);
    due = Math.max(due, dueNow);
  }
};
