/**
 * Spending caps: what a request may cost is reserved before it is sent, over all caps that concern it or none, and replaced by what it
 * did cost with its ledger row. Where one process holds the data directory, reservations live in its memory: looking and reserving is one
 * step of the event loop, and a crash releases them. Where several share a database, they are made there, and memory only remembers how
 * each cap stood last. What was used lies in the database, in the ledger row's transaction.
 */
import type {
  Cap,
  CapCharge,
  CapReservations,
  CapState,
  CapUsage,
  CapVerdict,
  LedgerRow,
} from "../../db/store.ts";
import { GatewayError } from "../errors.ts";
import { formatPicoUsd } from "../money.ts";
import { ScopeIndex, subjectOf, type Payer } from "./scope.ts";
import { windowAt, type WindowSpan } from "./window.ts";

/** Clients' SDKs obey `retry-after` to the letter, and would sleep for weeks. */
const MAX_RETRY_AFTER_S = 60;

/** What a request may cost at most, as far as is known before it is sent. */
export interface Estimate {
  /** Null: the model has no price. */
  readonly picoUsd: bigint | null;
  readonly tokens: bigint;
}

/** What is used under a cap, by one subject, in one window. */
interface Counter {
  /** As it is now. */
  cap: Cap;
  readonly subject: string;
  readonly span: WindowSpan;
  used: bigint;
  reserved: bigint;
  isWarned: boolean;
  isExceeded: boolean;
  /** Its cap is gone. */
  isRemoved: boolean;
}

interface Hold {
  readonly counter: Counter;
  readonly amount: bigint;
}

/** What the database is told of a reservation's end. */
interface Release {
  nothingSent(): void;
  settled(): void;
}

export type CapEventKind = "cap.warned" | "cap.exceeded";

/** Something that administrators want to hear of. Once a window. */
export interface CapEvent {
  readonly kind: CapEventKind;
  readonly usage: CapStatus;
}

/** As the admin API shows it. */
export interface CapStatus {
  readonly cap: Cap;
  readonly subject: string;
  readonly span: WindowSpan;
  readonly used: bigint;
  readonly reserved: bigint;
}

export interface CapsOptions {
  readonly now: () => number;
  /** Unpriced models pass dollar caps as if they cost nothing. */
  readonly allowUnpriced: boolean;
  readonly onEvent: (event: CapEvent) => void;
  /** Where several gateways count together; none: this process counts alone. */
  readonly shared?: CapReservations | null;
}

/** A request, as caps see it. */
export interface CapRequest {
  readonly payer: Payer;
  /** When it was accepted, ms since 1970. */
  readonly timeMs: number;
  readonly traceId: string;
  /** Asked for only where a cap concerns the request. */
  readonly estimate: () => Estimate;
}

export class Caps {
  readonly #options: CapsOptions;
  #index = new ScopeIndex<Cap>([]);
  #caps: readonly Cap[] = [];
  /** Cap and subject → the counter of its newest window. */
  readonly #counters = new Map<string, Counter>();
  /** Window and time zone → the span that was asked for last. */
  readonly #spans = new Map<string, WindowSpan>();

  constructor(options: CapsOptions) {
    this.#options = options;
  }

  get all(): readonly Cap[] {
    return this.#caps;
  }

  /** The caps as they are from now on. Counters of those that stay are kept. */
  setCaps(caps: readonly Cap[]): void {
    const kept = new Map(caps.map((cap) => [cap.id, cap]));
    for (const [place, counter] of this.#counters) {
      const cap = kept.get(counter.cap.id);
      if (cap === undefined) {
        counter.isRemoved = true;
        this.#counters.delete(place);
      } else counter.cap = cap;
    }
    this.#caps = caps;
    this.#index = new ScopeIndex(caps);
  }

  /** What the database has. Only for windows that are not counted yet. */
  addUsage(rows: readonly CapUsage[]): void {
    const caps = new Map(this.#caps.map((cap) => [cap.id, cap]));
    for (const { capId, subject, windowStartMs, used } of rows) {
      const cap = caps.get(capId);
      if (cap === undefined) continue;
      const counter = this.#counter(cap, subject, this.#options.now());
      if (counter.span.startMs !== windowStartMs) continue;
      counter.used += used;
      counter.isWarned = isAbove(counter, cap.warnPercent ?? 100);
      counter.isExceeded = isAbove(counter, 100);
    }
  }

  /** The earliest start of a window that is open now. */
  oldestWindowMs(): number {
    const now = this.#options.now();
    return Math.min(now, ...this.#caps.map((cap) => this.#span(cap, now).startMs));
  }

  /** How caps stand in the database that several gateways share, as it was read just now. */
  setStates(states: readonly CapState[]): void {
    const caps = new Map(this.#caps.map((cap) => [cap.id, cap]));
    for (const state of states) {
      const cap = caps.get(state.capId);
      if (cap !== undefined) this.#remember(cap, state);
    }
  }

  /**
   * Null where no cap concerns the request. A promise only where several gateways count together.
   * @throws GatewayError `cap_exceeded`, `model_not_allowed`, or rejects with it, or with `store_unavailable`; nothing is reserved then
   */
  admit(request: CapRequest): CapReservation | null | Promise<CapReservation | null> {
    const { payer, timeMs } = request;
    const caps = this.#index.of(payer);
    if (caps.length === 0) return null;
    const expected = request.estimate();
    const holds: Hold[] = [];
    for (const cap of caps) {
      const subject = subjectOf(cap, payer);
      if (subject === null) continue;
      holds.push({
        counter: this.#counter(cap, subject, timeMs),
        amount: this.#amountOf(cap, expected),
      });
    }
    const { shared = null } = this.#options;
    if (shared !== null) return this.#reserveShared(shared, request.traceId, holds);
    for (const { counter, amount } of holds) {
      const { cap, used, reserved } = counter;
      if (cap.mode === "hard" && used + reserved + amount > cap.amount) {
        throw exceeded(counter, this.#options.now());
      }
    }
    return this.#hold(holds, null);
  }

  #hold(holds: readonly Hold[], release: Release | null): CapReservation {
    for (const { counter, amount } of holds) counter.reserved += amount;
    return new CapReservation(holds, (counter) => this.#look(counter), release);
  }

  /** Without the database nobody knows what other gateways let pass: a hard cap refuses, a soft one lets pass and counts later. */
  async #reserveShared(
    shared: CapReservations,
    traceId: string,
    holds: readonly Hold[],
  ): Promise<CapReservation> {
    let verdicts: readonly CapVerdict[];
    try {
      verdicts = await shared.reserve(
        traceId,
        holds.map(({ counter, amount }) => ({ ...placeOf(counter), amount })),
      );
    } catch {
      if (holds.some(({ counter }) => counter.cap.mode === "hard")) {
        throw new GatewayError("store_unavailable", {
          hint: "A cap applies to this request, and what is used under it can't be read now.",
        });
      }
      return this.#hold(holds, null);
    }
    for (const verdict of verdicts) {
      const counter = holds.find(({ counter: each }) => isAt(each, verdict))?.counter;
      if (counter === undefined) continue;
      this.#remember(counter.cap, verdict);
      if (verdict.isRefused) throw exceeded(counter, this.#options.now());
    }
    // The verdicts have the holds in them already.
    return new CapReservation(holds, (counter) => this.#look(counter), {
      nothingSent: () => shared.release(traceId),
      settled: () => shared.settled(traceId),
    });
  }

  #remember(cap: Cap, state: CapState): void {
    const counter = this.#counter(cap, state.subject, this.#options.now());
    if (counter.span.startMs !== state.windowStartMs) return;
    counter.used = state.used;
    counter.reserved = state.reserved;
    this.#look(counter);
  }

  /** What a row adds that no reservation of this process belongs to: one of a process that died. */
  chargesOf(row: LedgerRow): readonly CapCharge[] {
    return this.#index.of(row).flatMap((cap) => {
      const subject = subjectOf(cap, row);
      if (subject === null) return [];
      const { startMs } = windowAt(cap.window, cap.timeZone, row.timeMs);
      return [{ capId: cap.id, subject, windowStartMs: startMs, amount: usedBy(cap, row) }];
    });
  }

  /** What concerns a caller: its own caps, and those it shares. */
  statusOf(payer: Payer): CapStatus[] {
    const now = this.#options.now();
    return this.#index.of(payer).flatMap((cap) => {
      const subject = subjectOf(cap, payer);
      return subject === null ? [] : [toStatus(this.#counter(cap, subject, now))];
    });
  }

  /** Everything that is used under a cap in its present window, most first. */
  usageOf(capId: string): CapStatus[] {
    const now = this.#options.now();
    return [...this.#counters.values()]
      .filter(({ cap, span }) => cap.id === capId && span.endMs > now)
      .sort((a, b) => Number(b.used - a.used))
      .map(toStatus);
  }

  #counter(cap: Cap, subject: string, timeMs: number): Counter {
    const place = `${cap.id} ${subject}`;
    const known = this.#counters.get(place);
    // A request that was accepted just before the window ended counts in the new one.
    if (known !== undefined && timeMs < known.span.endMs) return known;
    const counter: Counter = {
      cap,
      subject,
      span: this.#span(cap, timeMs),
      used: 0n,
      reserved: 0n,
      isWarned: false,
      isExceeded: false,
      isRemoved: false,
    };
    this.#counters.set(place, counter);
    return counter;
  }

  #span(cap: Cap, timeMs: number): WindowSpan {
    const place = `${cap.window} ${cap.timeZone}`;
    const known = this.#spans.get(place);
    if (known !== undefined && timeMs >= known.startMs && timeMs < known.endMs) return known;
    const span = windowAt(cap.window, cap.timeZone, timeMs);
    this.#spans.set(place, span);
    return span;
  }

  #amountOf(cap: Cap, { picoUsd, tokens }: Estimate): bigint {
    if (cap.unit === "tokens") return tokens;
    if (picoUsd !== null) return picoUsd;
    if (this.#options.allowUnpriced || cap.mode === "soft") return 0n;
    throw new GatewayError("model_not_allowed", {
      field: "model",
      hint: "It has no price, and a cap in dollars applies. The operator can give it a price (`anyray prices`), or set ANYRAY_UNPRICED=allow.",
    });
  }

  #look(counter: Counter): void {
    const { cap } = counter;
    if (!counter.isWarned && cap.warnPercent !== null && isAbove(counter, cap.warnPercent)) {
      counter.isWarned = true;
      this.#options.onEvent({ kind: "cap.warned", usage: toStatus(counter) });
    }
    if (!counter.isExceeded && isAbove(counter, 100)) {
      counter.isExceeded = true;
      this.#options.onEvent({ kind: "cap.exceeded", usage: toStatus(counter) });
    }
  }
}

/** What one request holds of its caps, from its admission until its last row is committed. */
export class CapReservation {
  readonly #holds: readonly Hold[];
  readonly #look: (counter: Counter) => void;
  readonly #end: Release | null;
  #isReleased = false;
  #isCharged = false;

  /** @param end null: this process counts alone */
  constructor(holds: readonly Hold[], look: (counter: Counter) => void, end: Release | null) {
    this.#holds = holds;
    this.#look = look;
    this.#end = end;
  }

  /** Caps that only say that they are exceeded, and are. */
  get exceeded(): readonly string[] {
    return this.#holds
      .filter(({ counter }) => counter.cap.mode === "soft" && isAbove(counter, 100))
      .map(({ counter }) => counter.cap.id);
  }

  /** What a row adds, for its own transaction. */
  chargesOf(row: LedgerRow): readonly CapCharge[] {
    return this.#holds
      .filter(({ counter }) => !counter.isRemoved)
      .map(({ counter }) => ({
        ...placeOf(counter),
        amount: usedBy(counter.cap, row),
      }));
  }

  /** The row is committed. */
  charge(row: LedgerRow): void {
    this.#isCharged = true;
    for (const { counter } of this.#holds) {
      counter.used += usedBy(counter.cap, row);
      this.#look(counter);
    }
  }

  /** No further row follows. Once. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const { counter, amount } of this.#holds) counter.reserved -= amount;
    if (this.#isCharged) this.#end?.settled();
    else this.#end?.nothingSent();
  }
}

/** Where it stands in the database. */
function placeOf({ cap, subject, span }: Counter) {
  return { capId: cap.id, subject, windowStartMs: span.startMs };
}

function isAt(counter: Counter, state: CapState): boolean {
  return (
    counter.cap.id === state.capId &&
    counter.subject === state.subject &&
    counter.span.startMs === state.windowStartMs
  );
}

function usedBy(cap: Cap, row: LedgerRow): bigint {
  return cap.unit === "tokens"
    ? BigInt(row.inputTokens + row.outputTokens)
    : (row.costPicoUsd ?? 0n);
}

function isAbove({ used, cap }: Counter, percent: number): boolean {
  return used * 100n >= cap.amount * BigInt(percent);
}

function toStatus({ cap, subject, span, used, reserved }: Counter): CapStatus {
  return { cap, subject, span, used, reserved };
}

const SCOPES = { org: "the organisation", team: "this team", user: "this user", key: "this key" };

/** For people: exact, but for zeros behind the cents. */
function dollarsOf(picoUsd: bigint): string {
  return `$${formatPicoUsd(picoUsd).replace(/(?<=\.\d\d\d*)0+$/, "")}`;
}

function exceeded({ cap, span }: Counter, nowMs: number): GatewayError {
  const reset = new Date(span.endMs).toISOString();
  const amount = cap.unit === "usd" ? dollarsOf(cap.amount) : `${cap.amount} tokens`;
  const seconds = Math.ceil((span.endMs - nowMs) / 1_000);
  return new GatewayError("cap_exceeded", {
    hint: `What ${SCOPES[cap.scope]} may use in ${cap.window === "hour" ? "an" : "a"} ${cap.window} is ${amount}; with this request it would be more. It resets at ${reset}.`,
    headers: {
      "x-should-retry": "false",
      "x-anyray-cap": cap.id,
      "x-anyray-cap-reset": reset,
      ...(seconds <= MAX_RETRY_AFTER_S ? { "retry-after": String(Math.max(1, seconds)) } : {}),
    },
  });
}
