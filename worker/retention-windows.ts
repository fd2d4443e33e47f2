/**
 * How long things are kept, as administrators set it: stored, audited, and in force at once, here and in every process of the same store.
 * What can't be read deletes nothing.
 */
import {
  VersionConflict,
  type AuditStore,
  type Setting,
  type SettingChange,
  type SettingStore,
} from "../db/store.ts";
import { record } from "./audit/record.ts";
import { GatewayError } from "./errors.ts";
import type { Log } from "./telemetry/log.ts";

/** Names of the settings: the windows, and what the environment said when they were stored. */
const WINDOWS = "retention";
const AT_STORING = "retention.deployment";
/** Another process's change is seen within this. */
const POLL_MS = 1_000;
export const MAX_DAYS = 36_500;
/** Longer than any window of a cap: what was used in it must not be forgotten while it lasts. */
export const MIN_SESSION_DAYS = 35;
/** Longer than anyone asks who was signed in. */
const SESSION_DAYS = 62;
const DAY_MS = 86_400_000;

/** In days; 0: for ever. */
export interface Windows {
  readonly traces_days: number;
  readonly ledger_days: number;
  /** Of sign-ins that ended, and of what was used under caps. */
  readonly sessions_days: number;
}
export const WINDOW_NAMES = ["traces_days", "ledger_days", "sessions_days"] as const;

export type DeploymentWindows = Pick<Windows, "traces_days" | "ledger_days">;

export interface RetentionStatus {
  /** Null: they can't be read. */
  readonly windows: Windows | null;
  readonly deployment: DeploymentWindows;
  /** 0: nothing is stored; those of the deployment count. */
  readonly version: number;
  readonly changedAtMs: number | null;
  readonly changedBy: string | null;
}

export interface RetentionWindowsOptions {
  readonly settings: SettingStore;
  readonly audit: AuditStore;
  readonly now: () => number;
  readonly log: Log;
  readonly deployment: DeploymentWindows;
}

export class RetentionWindows {
  readonly #options: RetentionWindowsOptions;
  #stored: Setting | null = null;
  #windows: Windows | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #onChange: () => void = () => undefined;

  private constructor(options: RetentionWindowsOptions) {
    this.#options = options;
  }

  /**
   * What is stored counts; but where the environment says something else by now than when it was stored, that is applied, and audited.
   * Never rejects: what can't be read deletes nothing.
   */
  static async open(options: RetentionWindowsOptions): Promise<RetentionWindows> {
    const opened = new RetentionWindows(options);
    try {
      await opened.#read();
      await opened.#applyDeployment();
    } catch {
      opened.#windows = null;
    }
    if (opened.#windows === null) {
      options.log.write("warn", "the retention can't be read: nothing is deleted");
    }
    opened.#timer = setInterval(() => void opened.#poll(), POLL_MS);
    // Housekeeping must not keep the process alive.
    if (typeof opened.#timer === "object") opened.#timer.unref();
    return opened;
  }

  /** Called after each change, also by another process. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /** ms; null: for ever, or not known. */
  keepMs(name: keyof Windows): number | null {
    const days = this.#windows?.[name] ?? 0;
    return days === 0 ? null : days * DAY_MS;
  }

  status(): RetentionStatus {
    return {
      windows: this.#windows,
      deployment: this.#options.deployment,
      version: this.#stored?.version ?? 0,
      changedAtMs: this.#stored?.changedAtMs ?? null,
      changedBy: this.#stored?.changedBy ?? null,
    };
  }

  /**
   * In force when this resolves. What is left out stays.
   * @param expectedVersion null: whatever it was
   * @throws (rejects with) GatewayError `conflict`, `store_unavailable`; nothing is stored then
   */
  async change(
    to: Partial<Windows>,
    actor: string,
    expectedVersion: number | null,
  ): Promise<RetentionStatus> {
    try {
      await this.#write({ ...this.#initial(), ...this.#windows, ...to }, actor, expectedVersion);
      await this.#read();
    } catch (error) {
      throw new GatewayError(error instanceof VersionConflict ? "conflict" : "store_unavailable");
    }
    return this.status();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #initial(): Windows {
    return { ...this.#options.deployment, sessions_days: SESSION_DAYS };
  }

  async #applyDeployment(): Promise<void> {
    const { settings, deployment } = this.#options;
    if (this.#stored === null || this.#windows === null) return;
    const before = parse((await settings.get(AT_STORING))?.value);
    const { traces_days, ledger_days } = deployment;
    const changed = {
      ...(before["traces_days"] === traces_days ? {} : { traces_days }),
      ...(before["ledger_days"] === ledger_days ? {} : { ledger_days }),
    };
    if (Object.keys(changed).length === 0) return;
    await this.#write({ ...this.#windows, ...changed }, "start", this.#stored.version);
    await this.#read();
  }

  async #write(to: Windows, actor: string, expectedVersion: number | null): Promise<void> {
    const { audit, now, deployment } = this.#options;
    const draft = {
      timeMs: now(),
      actor,
      action: "retention.change",
      target: "retention",
    } as const;
    const before = this.#windows === null ? null : { ...this.#windows };
    const changes: SettingChange[] = [
      { kind: "setting", name: WINDOWS, value: JSON.stringify(to), expectedVersion },
      {
        kind: "setting",
        name: AT_STORING,
        value: JSON.stringify(deployment),
        expectedVersion: null,
      },
    ];
    await record(audit, { ...draft, before, after: { ...to } }, changes);
  }

  async #read(): Promise<void> {
    const stored = await this.#options.settings.get(WINDOWS);
    const windows = stored === null ? this.#initial() : toWindows(stored.value);
    const isNew = JSON.stringify(windows) !== JSON.stringify(this.#windows);
    this.#stored = stored;
    this.#windows = windows;
    if (isNew) this.#onChange();
  }

  async #poll(): Promise<void> {
    // The last ones stay in force; that the store is away is said elsewhere.
    await this.#read().catch(() => undefined);
  }
}

export function isWindow(name: keyof Windows, days: number): boolean {
  const least = name === "sessions_days" ? MIN_SESSION_DAYS : 0;
  return Number.isInteger(days) && days <= MAX_DAYS && (days === 0 || days >= least);
}

function toWindows(value: string): Windows | null {
  const { traces_days, ledger_days, sessions_days } = parse(value);
  if (!isDays(traces_days) || !isDays(ledger_days) || !isDays(sessions_days)) return null;
  const windows = { traces_days, ledger_days, sessions_days };
  return WINDOW_NAMES.every((name) => isWindow(name, windows[name])) ? windows : null;
}

function isDays(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

/** Whatever can't be read has no members. */
function parse(value: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(value ?? "null");
    return typeof json === "object" && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}
