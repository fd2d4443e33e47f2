/** All that the answering half needs to know of a request that passes unread. */
import type { Recording } from "../content/recording.ts";
import type { Deps } from "../deps.ts";
import type { Attempt } from "../pipeline/attempt.ts";
import type { Caller } from "../pipeline/authenticate.ts";
import type { Flight } from "../pipeline/flight.ts";
import type { BrokenUpload } from "./body.ts";
import type { Operation } from "./operations.ts";

export interface OpaqueCall {
  readonly deps: Deps;
  readonly operation: Operation;
  readonly flight: Flight;
  readonly caller: Caller;
  /** In the journal already. */
  readonly attempt: Attempt;
  readonly recording: Recording | null;
  /** Monotonic time; Infinity for none. */
  readonly totalDeadline: number;
  /** Why its upload was broken off, once it is. */
  readonly upload: { broken: BrokenUpload | null };
}
