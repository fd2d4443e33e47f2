/** Makes the round trip at the start, then hourly, and sooner after one that failed. Says when it turns. */
import type { Log } from "../telemetry/log.ts";
import type { RoundTrip, RoundTripCode } from "./round-trip.ts";

const FIRST_MS = 5_000;
const INTERVAL_MS = 3_600_000;
const AGAIN_MS = 60_000;

export interface RoundTripWatch {
  /** Null: none has ended yet. */
  readonly last: RoundTrip | null;
  close(): void;
}

export function watchRoundTrips(run: () => Promise<RoundTrip>, log: Log): RoundTripWatch {
  let last: RoundTrip | null = null;
  let said: RoundTripCode | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  function plan(ms: number): void {
    if (isClosed) return;
    timer = setTimeout(() => void step(), ms);
    if (typeof timer === "object") timer.unref();
  }

  async function step(): Promise<void> {
    try {
      last = await run();
      if (last.code !== said) say(last);
      said = last.code;
    } catch {
      log.write("error", "the round trip of a trace could not be made");
    }
    plan(last?.code === "ok" ? INTERVAL_MS : AGAIN_MS);
  }

  function say({ code, sentLength, readLength, tookMs }: RoundTrip): void {
    if (code === "ok") return log.write("info", "a trace came back whole", { duration_ms: tookMs });
    log.write("error", "traces do not come back as they were sent: see `anyray traces verify`", {
      reason: code,
      ...(readLength === null ? {} : { sent: sentLength, read: readLength }),
    });
  }

  plan(FIRST_MS);
  return {
    get last() {
      return last;
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
