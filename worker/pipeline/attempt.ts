/** One request, and one attempt at a provider, as they go down the pipeline. Plain records. */
import type { ClientKey, LedgerRow, OpenAttempt } from "../../db/store.ts";
import type { AnyEndpoint, Credential, Dialect, Family } from "../chat.ts";
import type { Identity } from "./authenticate.ts";
import type { Admission } from "../limits/admission.ts";
import type { ContentMode } from "../privacy/mode.ts";
import type { Target } from "./target.ts";

/** What is asked for, and in which wire format. */
export interface WireName {
  readonly endpoint: AnyEndpoint;
  readonly dialect: Dialect;
  readonly family: Family;
}

/** What is known once the caller is. */
export interface Accepted<W extends WireName = WireName> {
  readonly traceId: string;
  readonly requestId: string;
  /** Wall clock, ms since 1970. */
  readonly timeMs: number;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly wire: W;
  readonly key: ClientKey;
  readonly credential: Credential;
  readonly identity: Identity;
  /** Whether its content is to be kept, as far as is known when it is asked. */
  readonly contentMode: () => ContentMode;
  /** As `caller-span.ts` words it. */
  readonly callerSpan: string | null;
}

export interface Attempt {
  readonly accepted: Accepted;
  /** From 1. */
  readonly number: number;
  /** Monotonic ms: when it was sent. */
  readonly begunAt: number;
  readonly target: Target;
  /** Null: none was named, where none must be. */
  readonly modelRequested: string | null;
  readonly stream: boolean;
  /** The caller's bytes: for estimates when the provider reports no usage. */
  readonly requestBytes: Uint8Array;
  /** What it holds of caps and limits; null: none concerns it. */
  readonly admission: Admission | null;
  /** Guess from the size alone. */
  readonly roughInputTokens: number;
  /** Of the journal. */
  readonly slot: number;
}

type WhoAndWhat = Pick<
  LedgerRow,
  | "timeMs"
  | "traceId"
  | "session"
  | "user"
  | "team"
  | "attribution"
  | "keyId"
  | "credential"
  | "endpoint"
  | "dialect"
  | "contentMode"
  | "callerSpan"
  | "metadata"
>;

/** The columns that every row of the request shares. */
export function whoAndWhat(accepted: Accepted): WhoAndWhat {
  const { identity, key, wire } = accepted;
  return {
    timeMs: accepted.timeMs,
    traceId: accepted.traceId,
    session: identity.session,
    user: identity.user,
    team: identity.team,
    attribution: identity.attribution,
    keyId: key.id,
    credential: accepted.credential,
    endpoint: wire.endpoint,
    dialect: wire.dialect,
    contentMode: accepted.contentMode(),
    callerSpan: accepted.callerSpan,
    metadata: identity.metadata,
  };
}

/** The journal's line for an attempt about to be sent. */
export function openAttempt(attempt: Omit<Attempt, "slot">): OpenAttempt {
  return {
    ...whoAndWhat(attempt.accepted),
    attempt: attempt.number,
    provider: attempt.target.provider.name,
    modelRequested: attempt.modelRequested,
    modelUpstream: attempt.target.model,
    stream: attempt.stream,
    inputTokens: attempt.roughInputTokens,
  };
}
