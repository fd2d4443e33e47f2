/** Tells an address that the operator named at deployment when a cap's threshold is passed. Nothing waits for it. */
import type { Egress } from "../egress.ts";
import type { Counters } from "../telemetry/counters.ts";
import { exchange } from "../traces/http.ts";
import type { CapEventKind } from "./caps.ts";

/** The egress' name for it. */
export const WEBHOOK = "cap webhook";
const SEND_MS = 10_000;
const TRIES = 4;
const FIRST_WAIT_MS = 1_000;

/** The JSON body. Names, numbers and times. */
export interface CapNotice {
  readonly event: CapEventKind;
  readonly cap: string;
  readonly time: string;
  readonly scope: string;
  readonly subject: string | null;
  readonly unit: string;
  readonly amount: string;
  readonly used: string;
  readonly window: string;
  readonly window_start: string;
  readonly window_end: string;
}

export interface WebhookOptions {
  readonly egress: Pick<Egress, "send">;
  readonly pathAndQuery: string;
  readonly counters: Counters;
}

export function createWebhook(options: WebhookOptions): (notice: CapNotice) => void {
  return (notice) => void deliver(options, new TextEncoder().encode(JSON.stringify(notice)));
}

/** Never rejects. */
async function deliver(options: WebhookOptions, body: Uint8Array): Promise<void> {
  const { egress, pathAndQuery, counters } = options;
  for (let left = TRIES, waitMs = FIRST_WAIT_MS; left > 0; left -= 1, waitMs *= 4) {
    try {
      const { status } = await exchange(
        egress,
        {
          destination: WEBHOOK,
          method: "POST",
          pathAndQuery,
          headers: [["content-type", "application/json"]],
          body: [body],
        },
        { limitMs: SEND_MS, maxBytes: 1_024 },
      );
      if (status >= 200 && status < 300) {
        return counters.add("anyray_webhook_total", 'result="delivered"');
      }
    } catch {
      // Away: perhaps only for a moment.
    }
    if (left > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  counters.add("anyray_webhook_total", 'result="given_up"');
}
