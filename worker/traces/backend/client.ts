/** Asks a trace back end for JSON. */
import type { Egress } from "../../egress.ts";
import { exchange, type SmallAnswer } from "../http.ts";
import { SourceFault } from "../read/json-places.ts";
import { BackendError } from "./backend.ts";

/** The egress' name for the back end that is read. */
export const TRACE_BACKEND = "trace back end";
const LIMIT_MS = 10_000;
/** A trace of ours has two inline parts and a few spans. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Resolves to parsed JSON, null for 404. Rejects with `BackendError`. @param path with its query, below the base URL */
export type AskJson = (path: string) => Promise<unknown>;

/** @param basePath of the configured URL, without a slash at its end */
export function createAskJson(egress: Pick<Egress, "send">, basePath: string): AskJson {
  return async (path) => {
    let answer: SmallAnswer;
    try {
      answer = await exchange(
        egress,
        {
          destination: TRACE_BACKEND,
          method: "GET",
          pathAndQuery: `${basePath}${path}`,
          headers: [["accept", "application/json"]],
          body: [],
        },
        { limitMs: LIMIT_MS, maxBytes: MAX_BYTES },
      );
    } catch {
      throw new BackendError("backend_away");
    }
    const { status, body, isCut } = answer;
    if (status === 404) return null;
    if (status === 429 || status >= 500) throw new BackendError("backend_away");
    if (status !== 200) throw new BackendError("backend_refused");
    if (isCut) throw new BackendError("backend_unreadable");
    return parse(body);
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    // The runtime's own words would quote it.
    throw new BackendError("backend_unreadable");
  }
}

/** What `read` makes of an answer. @throws BackendError for what is not as documented */
export function readAs<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SourceFault) throw new BackendError("backend_unreadable");
    throw error;
  }
}
