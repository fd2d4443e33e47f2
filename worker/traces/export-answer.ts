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
    // A page, as the port of a back end's own console gives one for any address: nobody took spans there.
    if (isPage(headers)) return { kind: "later", afterMs: null };
    return { kind: "taken", rejectedSpans: rejectedSpans(body) };
  }
  if (LATER.has(status) || MISCONFIGURED.has(status) || status < 400 || status >= 500) {
    return { kind: "later", afterMs: retryAfterMs(headers) };
  }
  return { kind: "refused", status };
}

function isPage(headers: HeaderList): boolean {
  return /^text\/html\b/i.test(valueOf(headers, "content-type") ?? "");
}

function retryAfterMs(headers: HeaderList): number | null {
  const text = valueOf(headers, "retry-after");
  if (text === undefined || !/^\d{1,6}$/.test(text)) return null;
  return Math.min(Number(text) * 1_000, MAX_WAIT_MS);
}

function valueOf(headers: HeaderList, name: string): string | undefined {
  return headers.find((header) => header[0] === name)?.[1];
}
