/** What the answer to an export means (OTLP/HTTP 1.x, "OTLP/HTTP Response"). Pure. The answer's text is never kept: a Collector quotes what it was sent. */
import type { HeaderList } from "../egress.ts";
import { rejectedSpans } from "./otlp.ts";
import type { SendResult } from "./shipping.ts";

/** The statuses that ask for another try. */
const LATER = new Set([429, 502, 503, 504]);
/** What was refused for its credential or address may be put right: nothing is given up for it. */
const MISCONFIGURED = new Set([401, 403, 404, 405, 407, 408]);
const MAX_WAIT_MS = 5 * 60_000;

export function readExportAnswer(
  status: number,
  headers: HeaderList,
  body: Uint8Array,
): SendResult {
  if (status >= 200 && status < 300) {
    return { kind: "taken", rejectedSpans: rejectedSpans(body) };
  }
  if (LATER.has(status) || MISCONFIGURED.has(status) || status < 400 || status >= 500) {
    return { kind: "later", afterMs: retryAfterMs(headers) };
  }
  return { kind: "refused", status };
}

function retryAfterMs(headers: HeaderList): number | null {
  const text = headers.find(([name]) => name === "retry-after")?.[1];
  if (text === undefined || !/^\d{1,6}$/.test(text)) return null;
  return Math.min(Number(text) * 1_000, MAX_WAIT_MS);
}
