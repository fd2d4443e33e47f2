/** All that the answering half of the pipeline needs to know of a request that is being sent. */
import type { Usage } from "../chat.ts";
import type { Recording } from "../content/recording.ts";
import type { Deps } from "../deps.ts";
import type { ErrorWire, StreamOptions, Wire } from "../dialects/wire.ts";
import type { Attempt } from "./attempt.ts";
import type { Caller } from "./authenticate.ts";
import { inputText } from "./estimate.ts";
import type { Flight } from "./flight.ts";

export interface Call {
  readonly deps: Deps;
  readonly flight: Flight;
  readonly caller: Caller;
  readonly wire: Wire;
  readonly errors: ErrorWire;
  /** What every attempt of this request shares. */
  readonly attempt: Omit<Attempt, "slot" | "number" | "begunAt">;
  readonly stream: StreamOptions;
  /** Null where no content is kept. */
  readonly recording: Recording | null;
  /** Monotonic time; Infinity for none. */
  readonly totalDeadline: number;
  /** Counts tokens by our own means, when asked. `output` is null where nothing was answered. */
  estimate(
    output: (() => string) | null,
  ): () => Promise<Pick<Usage, "inputTokens" | "outputTokens">>;
}

export function estimates(deps: Deps, requestBytes: Uint8Array): Call["estimate"] {
  return (output) => async () => ({
    inputTokens: await deps.countTokens(inputText(requestBytes)),
    outputTokens: output === null ? 0 : await deps.countTokens(output()),
  });
}
