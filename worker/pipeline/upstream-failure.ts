/** What a failed exchange with a provider means for the client and the ledger. */
import type { Outcome } from "../chat.ts";
import { EgressError } from "../egress.ts";
import { GatewayError, type ErrorCode } from "../errors.ts";

export interface UpstreamFailure {
  readonly error: GatewayError;
  readonly outcome: Extract<Outcome, "timeout" | "upstream_error" | "aborted">;
  /** The provider may have begun to work: its input is estimated rather than taken for unused. */
  readonly maySpend: boolean;
  /** Nothing reached the provider, as far as can be told: another attempt may be made. */
  readonly isRetryable: boolean;
}

const CODES: Readonly<Record<EgressError["kind"], ErrorCode>> = {
  refused: "upstream_unreachable",
  unresolvable: "upstream_unreachable",
  unreachable: "upstream_unreachable",
  timeout_connect: "timeout_connect",
  timeout_first_byte: "timeout_first_byte",
  closed: "upstream_unreachable",
  malformed: "upstream_malformed",
  cut: "upstream_unreachable",
  cancelled: "upstream_unreachable",
};

const MAY_SPEND: ReadonlySet<EgressError["kind"]> = new Set([
  "timeout_first_byte",
  "closed",
  "malformed",
  "cut",
  "cancelled",
]);

/** @param thrown what an exchange's answer rejected with */
export function upstreamFailure(thrown: unknown, isAborted: boolean): UpstreamFailure {
  const failure = thrown instanceof EgressError ? thrown : new EgressError("malformed");
  const code = CODES[failure.kind];
  return {
    error: new GatewayError(code),
    outcome: isAborted ? "aborted" : code.startsWith("timeout_") ? "timeout" : "upstream_error",
    maySpend: MAY_SPEND.has(failure.kind) && !failure.isRetryable,
    isRetryable: failure.isRetryable && !isAborted,
  };
}

/** The gateway's own limit ended the wait for an answer. */
export function timedOut(code: "timeout_total"): UpstreamFailure {
  return {
    error: new GatewayError(code),
    outcome: "timeout",
    maySpend: true,
    isRetryable: false,
  };
}
