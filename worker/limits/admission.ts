/** What stands between a request and its provider: rate limits, then caps. And what it holds of both until its last row is committed. */
import type { CapCharge, LedgerRow } from "../../db/store.ts";
import type { Family } from "../chat.ts";
import type { CapRequest, Caps, CapReservation } from "./caps.ts";
import type { RateHold, Rates } from "./rates.ts";

export interface AdmissionRequest extends CapRequest {
  readonly family: Family;
}

/**
 * Null where nothing concerns the request. A promise only where a cap does that several gateways count together.
 * @throws GatewayError `rate_limited`, `cap_exceeded`, `model_not_allowed`, or rejects with it, or with `store_unavailable`; nothing is held then
 */
export function admit(
  { caps, rates }: { readonly caps: Caps; readonly rates: Rates },
  request: AdmissionRequest,
): Admission | null | Promise<Admission | null> {
  const rate = rates.admit(request.payer, request.family);
  const join = (cap: CapReservation | null) =>
    rate === null && cap === null ? null : new Admission(cap, rate);
  const undo = (error: unknown): never => {
    rate?.release();
    throw error;
  };
  try {
    const cap = caps.admit(request);
    return cap instanceof Promise ? cap.then(join, undo) : join(cap);
  } catch (error) {
    return undo(error);
  }
}

export class Admission {
  readonly #cap: CapReservation | null;
  readonly #rate: RateHold | null;

  constructor(cap: CapReservation | null, rate: RateHold | null) {
    this.#cap = cap;
    this.#rate = rate;
  }

  /** Ids of caps that are exceeded, and only say so. */
  get exceeded(): readonly string[] {
    return this.#cap?.exceeded ?? [];
  }

  /** What is left of rate limits, for the answer. */
  get rateHeaders(): RateHold["headers"] {
    return this.#rate?.headers ?? [];
  }

  /** For the transaction of the row. */
  chargesOf(row: LedgerRow): readonly CapCharge[] {
    return this.#cap?.chargesOf(row) ?? [];
  }

  /** The row is committed. @param isLast no other attempt follows */
  charge(row: LedgerRow, isLast: boolean): void {
    this.#cap?.charge(row);
    if (isLast) this.#cap?.release();
  }

  /** The row is made: the answer is at its end, though it may not be on disk yet. */
  end(row: LedgerRow, isLast: boolean): void {
    this.#rate?.spend(row.inputTokens + row.outputTokens);
    if (isLast) this.#rate?.release();
  }

  /** Nothing was sent. */
  release(): void {
    this.#cap?.release();
    this.#rate?.release();
  }
}
