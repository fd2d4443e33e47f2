/**
 * The only way out: every outbound connection of the gateway is made here. (Types; implementation follows.)
 */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Receives a body as it arrives. After `end` or `fail` nothing more comes. */
export interface BodySink {
  data(chunk: Uint8Array): void;
  /** The body is complete by HTTP's own framing (length reached, last chunk seen, or close where close is the framing). */
  end(): void;
  fail(error: EgressError): void;
}

export interface AnswerBody {
  /** Call once. Nothing is delivered before. May deliver synchronously. */
  start(sink: BodySink): void;
  /** Stop delivering and let TCP push back; chunks that are already decoded may still come. */
  pause(): void;
  resume(): void;
}

export interface Answer {
  readonly status: number;
  /** As received, names in lower case, order kept. Without `content-encoding` and `content-length` if the body was decoded. */
  readonly headers: HeaderList;
  readonly body: AnswerBody;
}

/** One request under way. */
export interface Exchange {
  /** Resolves when status and headers are in; rejects with `EgressError`. */
  readonly answer: Promise<Answer>;
  /** Closes the connection at once; `answer` or the sink then fails with `cancelled`. Safe at any time and more than once. */
  cancel(): void;
}

export type EgressFailure =
  | "refused"
  | "unresolvable"
  | "unreachable"
  | "timeout_connect"
  | "timeout_first_byte"
  | "closed"
  | "malformed"
  | "cut"
  | "cancelled";

export class EgressError extends Error {
  readonly kind: EgressFailure;
  /** True only where a kept-alive connection died before one byte of answer: a new attempt may be made. */
  readonly isRetryable: boolean;
  constructor(kind: EgressFailure, isRetryable = false) {
    super(`upstream ${kind}`);
    this.name = "EgressError";
    this.kind = kind;
    this.isRetryable = isRetryable;
  }
}
