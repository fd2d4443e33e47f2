/**
 * The end of an attempt: usage → cost → ledger row, exactly once. What the client may see of the end waits for the
 * promise; a row that can't be committed is tried again, and its journal entry stays open until it is.
 */
import type { CapCharge, LedgerRow, LedgerStore, OpenAttempt } from "../../db/store.ts";
import { isIdentity, NO_USAGE, type Outcome, type Usage, type UsageSource } from "../chat.ts";
import type { AnswerFacts } from "../dialects/wire.ts";
import type { IdSource } from "../ids.ts";
import type { Provider } from "../providers/provider.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { Histograms } from "../telemetry/histograms.ts";
import { errorName, type Log } from "../telemetry/log.ts";
import { whoAndWhat, type Accepted, type Attempt } from "./attempt.ts";
import type { Pricing } from "../pricing/cost.ts";

const RETRY_MS = 1_000;
const MAX_WAITING_ROWS = 10_000;

export interface Ending {
  readonly outcome: Outcome;
  /** What the client got; 499 aborted; null: another attempt follows. */
  readonly status: number | null;
  readonly upstreamStatus: number | null;
  /** What the provider said of the answer; null: nothing was said. */
  readonly facts: AnswerFacts | null;
  /** Tokens by our own count, asked for only if the provider reported none; null: nothing was used. */
  readonly estimate: (() => Promise<Pick<Usage, "inputTokens" | "outputTokens">>) | null;
  /** Monotonic ms of the provider's first body byte. */
  readonly firstByteAt: number | null;
}

export interface Settled {
  readonly row: LedgerRow;
  /** Resolves when the row is committed; rejects if it could not be at once (it is then tried again). */
  readonly committed: Promise<void>;
}

export interface SettlerOptions {
  readonly ledger: Pick<LedgerStore, "append">;
  /** Of the journal: the attempt's row is committed. */
  readonly closeAttempt: (slot: number) => void;
  /** What a row adds to what was used under caps, where its request is gone. */
  readonly chargesOf: (row: LedgerRow) => readonly CapCharge[];
  readonly pricing: Pricing;
  readonly ids: IdSource;
  readonly monotonic: () => number;
  readonly counters: Counters;
  readonly histograms: Histograms;
  readonly log: Log;
}

/** Whether the provider's own count is there, and all of it. */
export function isKnown(ending: Pick<Ending, "facts">): boolean {
  return ending.facts !== null && ending.facts.usage !== null && ending.facts.isUsageFinal;
}

export class Settler {
  readonly #options: SettlerOptions;
  readonly #waiting = new Map<LedgerRow, (row: LedgerRow) => Promise<void>>();
  #retry: ReturnType<typeof setTimeout> | null = null;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** Rows that could not be committed yet. */
  get waitingRows(): number {
    return this.#waiting.size;
  }

  /** The usual end: the provider reported usage, or nothing was used. Call once an attempt. */
  settle(attempt: Attempt, ending: Ending): Settled {
    const reported = ending.facts?.usage ?? null;
    const source: UsageSource = reported === null ? "none" : "provider";
    return this.#write(attempt, ending, reported ?? NO_USAGE, source);
  }

  /**
   * The end of an attempt for which usage may have to be estimated first. Call once an attempt. Of usage that is only a
   * beginning the input counts; the output is the more of what the provider said and what we saw.
   */
  async settleEstimated(attempt: Attempt, ending: Ending): Promise<Settled> {
    const reported = ending.facts?.usage ?? null;
    if (ending.estimate === null || isKnown(ending)) return this.settle(attempt, ending);
    const counted = await ending.estimate();
    const usage: Usage =
      reported === null
        ? { ...NO_USAGE, ...counted }
        : {
            ...reported,
            outputTokens: Math.max(reported.outputTokens, counted.outputTokens),
          };
    return this.#write(attempt, ending, usage, "estimated");
  }

  /** The one row of a request that was refused before any attempt. */
  refuse(
    accepted: Accepted,
    request: { readonly modelRequested: string | null; readonly stream: boolean },
    status: number,
  ): Promise<void> {
    const row: LedgerRow = {
      ...whoAndWhat(accepted),
      id: this.#options.ids.rowId(),
      attempt: 0,
      provider: null,
      modelRequested: request.modelRequested,
      modelServed: null,
      stream: request.stream,
      ...NO_USAGE,
      serviceTier: null,
      usageSource: "none",
      costPicoUsd: 0n,
      priceVersion: null,
      unpriced: false,
      latencyMs: this.#elapsed(accepted),
      ttfbMs: null,
      status,
      upstreamStatus: null,
      outcome: "refused",
      savedInputTokens: 0,
      savedPicoUsd: 0n,
      finishReason: null,
    };
    return this.#commit(row, (each) => this.#options.ledger.append(each));
  }

  /** Rows for attempts that an earlier process left open. */
  async settleCrashed(
    attempts: readonly OpenAttempt[],
    providerOf: (name: string) => Pick<Provider, "name" | "priceId">,
  ): Promise<void> {
    const rows = attempts.map((attempt) => this.#crashedRow(attempt, providerOf(attempt.provider)));
    const { ledger, chargesOf } = this.#options;
    await Promise.all(rows.map((row) => ledger.append(row, undefined, chargesOf(row))));
  }

  #write(attempt: Attempt, ending: Ending, usage: Usage, usageSource: UsageSource): Settled {
    const { accepted, target } = attempt;
    const served = ending.facts?.model ?? null;
    const tier = ending.facts?.serviceTier ?? null;
    const isOpaque = accepted.wire.dialect === "opaque";
    const priced = isOpaque
      ? null
      : usageSource === "none"
        ? { costPicoUsd: 0n, version: null }
        : this.#options.pricing.cost({
            provider: target.provider,
            models: [served, target.model],
            usage,
            serviceTier: tier,
            timeMs: accepted.timeMs,
          });
    const row: LedgerRow = {
      ...whoAndWhat(accepted),
      id: this.#options.ids.rowId(),
      attempt: attempt.number,
      provider: target.provider.name,
      modelRequested: attempt.modelRequested,
      modelServed: this.#name(served),
      stream: attempt.stream,
      ...usage,
      serviceTier: this.#name(tier),
      usageSource,
      costPicoUsd: priced?.costPicoUsd ?? null,
      priceVersion: priced?.version ?? null,
      unpriced: priced === null,
      latencyMs: this.#elapsed(accepted),
      ttfbMs:
        ending.firstByteAt === null
          ? null
          : Math.max(0, Math.round(ending.firstByteAt - accepted.startedAt)),
      status: ending.status,
      upstreamStatus: ending.upstreamStatus,
      outcome: ending.outcome,
      savedInputTokens: 0,
      savedPicoUsd: 0n,
      finishReason: ending.facts?.finishReason ?? null,
    };
    const { responseId = null } = ending.facts ?? {};
    const issuedId = responseId !== null && isIdentity(responseId) ? responseId : undefined;
    const { admission } = attempt;
    const isLast = ending.status !== null;
    const { histograms, monotonic } = this.#options;
    const endedAt = monotonic();
    if (isLast) observeEnd(histograms, row);
    const charges = admission?.chargesOf(row);
    admission?.end(row, isLast);
    const committed = this.#commit(row, (each) =>
      this.#options.ledger.append(each, issuedId, charges).then(() => {
        this.#options.closeAttempt(attempt.slot);
        admission?.charge(row, isLast);
        histograms.observe(
          "anyray_overhead_seconds",
          'stage="settle"',
          (monotonic() - endedAt) / 1_000,
        );
      }),
    );
    return { row, committed };
  }

  #crashedRow(attempt: OpenAttempt, provider: Pick<Provider, "name" | "priceId">): LedgerRow {
    const { modelUpstream, inputTokens, ...who } = attempt;
    const usage: Usage = { ...NO_USAGE, inputTokens };
    const isOpaque = attempt.dialect === "opaque";
    const priced = isOpaque
      ? null
      : this.#options.pricing.cost({
          provider,
          models: [modelUpstream],
          usage,
          serviceTier: null,
          timeMs: attempt.timeMs,
        });
    return {
      ...who,
      id: this.#options.ids.rowId(),
      modelServed: null,
      ...usage,
      serviceTier: null,
      usageSource: isOpaque ? "none" : "estimated",
      costPicoUsd: priced?.costPicoUsd ?? null,
      priceVersion: priced?.version ?? null,
      unpriced: priced === null,
      latencyMs: null,
      ttfbMs: null,
      status: null,
      upstreamStatus: null,
      outcome: "crashed",
      savedInputTokens: 0,
      savedPicoUsd: 0n,
      finishReason: null,
    };
  }

  /** A value from a provider that is no plain name is not stored. */
  #name(value: string | null): string | null {
    if (value === null || value === "") return null;
    if (isIdentity(value)) return value;
    this.#options.counters.add("anyray_values_dropped_total");
    return "other";
  }

  #elapsed(accepted: Accepted): number {
    return Math.max(0, Math.round(this.#options.monotonic() - accepted.startedAt));
  }

  #commit(row: LedgerRow, write: (row: LedgerRow) => Promise<void>): Promise<void> {
    return write(row).catch((error: unknown) => {
      this.#options.log.write("error", "ledger row not committed; it will be tried again", {
        trace_id: row.traceId,
        error: errorName(error),
      });
      if (this.#waiting.size < MAX_WAITING_ROWS) this.#waiting.set(row, write);
      this.#retryLater();
      throw error;
    });
  }

  #retryLater(): void {
    if (this.#retry !== null || this.#waiting.size === 0) return;
    this.#retry = setTimeout(() => void this.retry(), RETRY_MS);
  }

  /** Tries the waiting rows once more, in order; the first failure ends the round. */
  async retry(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    for (const [row, write] of [...this.#waiting]) {
      this.#options.counters.add("anyray_ledger_retries_total");
      try {
        // Under a new id: what reads the ledger in the order of its ids has gone on meanwhile. A row that is there already stays.
        await write({ ...row, id: this.#options.ids.rowId() });
      } catch {
        break;
      }
      this.#waiting.delete(row);
    }
    this.#retryLater();
  }

  /** Before the store closes: no further tries. Rows that still wait are rebuilt from the journal at the next start. */
  stop(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#waiting.clear();
  }
}

function observeEnd(histograms: Histograms, row: LedgerRow): void {
  const { endpoint, outcome, latencyMs, ttfbMs } = row;
  if (latencyMs !== null) {
    const labels = `endpoint="${endpoint}",outcome="${outcome}"`;
    histograms.observe("anyray_request_seconds", labels, latencyMs / 1_000);
  }
  if (ttfbMs !== null) {
    const labels = `endpoint="${endpoint}"`;
    histograms.observe("anyray_time_to_first_byte_seconds", labels, ttfbMs / 1_000);
  }
}
