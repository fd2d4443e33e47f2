/** The caps and rate limits in force, kept in step with what administrators store; and what is done when a cap is reached. */
import type { AdminStore, AuditStore, CapUsage, SharedDatabase } from "../../db/store.ts";
import { record } from "../audit/record.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { Log } from "../telemetry/log.ts";
import { amountText } from "./amount.ts";
import { Caps, type CapEvent } from "./caps.ts";
import { Rates } from "./rates.ts";
import type { CapNotice } from "./webhook.ts";

export interface QuotasOptions {
  readonly admin: AdminStore;
  readonly audit: AuditStore;
  /** Where several gateways count caps together; null: this process counts alone. */
  readonly shared: Pick<SharedDatabase, "reservations" | "flush"> | null;
  /** ms since 1970. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly allowUnpriced: boolean;
  readonly log: Log;
  /** Null: nobody is told. */
  readonly notify: ((notice: CapNotice) => void) | null;
}

export class Quotas {
  readonly caps: Caps;
  readonly rates: Rates;
  readonly #options: QuotasOptions;

  constructor(options: QuotasOptions) {
    this.#options = options;
    const { now, monotonic, allowUnpriced, shared } = options;
    this.caps = new Caps({
      now,
      allowUnpriced,
      shared: shared?.reservations ?? null,
      onEvent: (event) => void this.#tell(event),
    });
    this.rates = new Rates({ now, monotonic });
  }

  /** What is stored counts from now on. Rejects if it can't be read. */
  readonly reload = oneAtATime(async () => {
    const { admin } = this.#options;
    this.caps.setCaps(await admin.caps());
    this.rates.setLimits(await admin.limits());
  });

  /** At the start, after the rows of an earlier process were settled; where caps are counted together, also every now and then. */
  async loadUsage(): Promise<void> {
    const { admin, shared } = this.#options;
    const fromMs = this.caps.oldestWindowMs();
    if (shared === null) this.caps.addUsage(await admin.capUsage(fromMs));
    else if (this.caps.all.length > 0) this.caps.setStates(await shared.reservations.usage(fromMs));
  }

  /** Before somebody looks: also what was used a moment ago, here and on other gateways. Rejects if it can't be read. */
  async refresh(): Promise<void> {
    const { shared } = this.#options;
    if (shared === null || this.caps.all.length === 0) return;
    await shared.flush();
    await this.loadUsage();
  }

  /** A cap that was just made begins with what was used already. */
  async begin(usage: readonly CapUsage[]): Promise<void> {
    if (this.#options.shared === null) this.caps.addUsage(usage);
    else await this.loadUsage();
  }

  async #tell({ kind, usage }: CapEvent): Promise<void> {
    const { audit, log, now, notify, shared } = this.#options;
    const { cap, subject, used, span } = usage;
    const place = { capId: cap.id, subject, windowStartMs: span.startMs };
    // Where nobody can be asked who tells it, it is rather told twice.
    if (shared !== null && !(await shared.reservations.claimNotice(kind, place).catch(() => true)))
      return;
    const facts = {
      scope: cap.scope,
      subject: subject === "" ? null : subject,
      unit: cap.unit,
      amount: amountText(cap.unit, cap.amount),
      used: amountText(cap.unit, used),
      window: cap.window,
      window_start: new Date(span.startMs).toISOString(),
      window_end: new Date(span.endMs).toISOString(),
    };
    log.write("warn", "a cap's threshold is passed", { cap: cap.id, event: kind, ...facts });
    notify?.({ event: kind, cap: cap.id, time: new Date(now()).toISOString(), ...facts });
    const draft = { timeMs: now(), actor: "gateway", action: kind, target: cap.id } as const;
    await record(audit, { ...draft, before: null, after: facts }).catch(() => {
      log.write("error", "a cap's threshold is passed, but the audit log can't be written", {
        cap: cap.id,
      });
    });
  }
}
