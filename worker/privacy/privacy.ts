/**
 * The content mode at run time: stored, changed by administrators, audited, and lowered by whatever is in its way. The mode that
 * is in force is at hand for every request; the database is asked once a second.
 */
import {
  VersionConflict,
  type AuditStore,
  type Setting,
  type SettingChange,
  type SettingStore,
} from "../../db/store.ts";
import { record } from "../audit/record.ts";
import { GatewayError } from "../errors.ts";
import type { Log } from "../telemetry/log.ts";
import {
  effectiveMode,
  parseMode,
  type ContentMode,
  type EffectiveMode,
  type KeyState,
  type StoreState,
} from "./mode.ts";

/** Names of the settings: what was asked for, and `ANYRAY_CONTENT_MODE` at the last start. */
const REQUESTED = "privacy.mode";
const AT_START = "privacy.mode-at-start";
/** Another process's change is seen within this. */
const POLL_MS = 1_000;
const REMIND_MS = 60_000;

export interface PrivacyOptions {
  readonly settings: SettingStore;
  readonly audit: AuditStore;
  readonly now: () => number;
  readonly log: Log;
  readonly allowPlaintext: boolean;
  /** `ANYRAY_CONTENT_MODE`. */
  readonly initialMode: ContentMode;
  /** Of the present master key. */
  readonly kid: string;
  /** What was read may have been changed since, by somebody whom this gateway can't hear: then plaintext is not believed. */
  readonly isStale?: () => boolean;
}

/** As the admin API shows it. */
export interface PrivacyStatus extends EffectiveMode {
  readonly requested: string;
  readonly allowPlaintext: boolean;
  readonly key: { readonly state: KeyState; readonly kid: string };
  readonly changedAtMs: number;
  readonly changedBy: string;
  /** 1, 2, 3 …; 0: nothing is stored. */
  readonly version: number;
}

export class Privacy {
  readonly #options: PrivacyOptions;
  #stored: Setting | null = null;
  #isReadable = true;
  #key: KeyState = "ok";
  #store: StoreState = "ok";
  #current: EffectiveMode = { effective: "off", reason: null };
  #timer: ReturnType<typeof setInterval> | null = null;
  #remindedAt = 0;

  private constructor(options: PrivacyOptions) {
    this.#options = options;
  }

  /**
   * The stored mode counts, unless `ANYRAY_CONTENT_MODE` is another than at the last start: then that is stored, and audited.
   * Never rejects: a database that can't be read is a reason to degrade.
   */
  static async open(options: PrivacyOptions): Promise<Privacy> {
    const privacy = new Privacy(options);
    try {
      await privacy.#applyDeployment();
      await privacy.#read();
    } catch {
      privacy.#isReadable = false;
    }
    privacy.#update();
    privacy.#timer = setInterval(() => void privacy.#poll(), POLL_MS);
    // Housekeeping must not keep the process alive.
    if (typeof privacy.#timer === "object") privacy.#timer.unref();
    return privacy;
  }

  /** The mode in force now. */
  get current(): EffectiveMode {
    return this.#current;
  }

  setKeyState(state: KeyState): void {
    this.#key = state;
    this.#update();
  }

  setStoreState(state: StoreState): void {
    this.#store = state;
    this.#update();
  }

  status(): PrivacyStatus {
    const { initialMode, allowPlaintext, kid } = this.#options;
    return {
      requested: this.#requested() ?? initialMode,
      ...this.#current,
      allowPlaintext,
      key: { state: this.#key, kid },
      changedAtMs: this.#stored?.changedAtMs ?? 0,
      changedBy: this.#stored?.changedBy ?? "start",
      version: this.#stored?.version ?? 0,
    };
  }

  /**
   * In force when this resolves.
   * @param expectedVersion null: whatever it was
   * @throws (rejects with) GatewayError `plaintext_not_allowed`, `conflict`, `store_unavailable`; nothing is stored then
   */
  async change(
    to: ContentMode,
    actor: string,
    expectedVersion: number | null = null,
  ): Promise<PrivacyStatus> {
    if (to === "plaintext" && !this.#options.allowPlaintext) {
      throw new GatewayError("plaintext_not_allowed");
    }
    try {
      await this.#write(to, actor, expectedVersion, []);
      await this.#read();
    } catch (error) {
      throw new GatewayError(error instanceof VersionConflict ? "conflict" : "store_unavailable");
    }
    this.#update();
    return this.status();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #requested(): string | null {
    if (!this.#isReadable || this.#stored === null) return null;
    const mode = decode(this.#stored.value);
    return mode === "plaintext" && this.#options.isStale?.() === true ? null : mode;
  }

  async #applyDeployment(): Promise<void> {
    const { settings, initialMode } = this.#options;
    const before = await settings.get(AT_START);
    if (before !== null && decode(before.value) === initialMode) return;
    this.#stored = await settings.get(REQUESTED);
    await this.#write(initialMode, "start", null, [
      { kind: "setting", name: AT_START, value: encode(initialMode), expectedVersion: null },
    ]);
  }

  async #write(
    to: ContentMode,
    actor: string,
    expectedVersion: number | null,
    more: readonly SettingChange[],
  ): Promise<void> {
    const { audit, now } = this.#options;
    const from = this.#stored === null ? null : parseMode(decode(this.#stored.value));
    const before =
      this.#stored === null ? null : { effective: this.#current.effective, requested: from };
    const after = { effective: this.#effectiveOf(to).effective, requested: to };
    const draft = { timeMs: now(), actor, action: "privacy.change", target: "content" } as const;
    await record(audit, { ...draft, before, after }, [
      { kind: "setting", name: REQUESTED, value: encode(to), expectedVersion },
      ...more,
    ]);
  }

  async #read(): Promise<void> {
    this.#stored = await this.#options.settings.get(REQUESTED);
    this.#isReadable = true;
  }

  /** What is stored counts from now on. Never rejects. */
  reload(): Promise<void> {
    return this.#poll();
  }

  async #poll(): Promise<void> {
    try {
      await this.#read();
    } catch {
      this.#isReadable = false;
    }
    this.#update();
    this.#remind();
  }

  #effectiveOf(requested: string | null): EffectiveMode {
    const { allowPlaintext } = this.#options;
    return effectiveMode({ requested, allowPlaintext, key: this.#key, store: this.#store });
  }

  #update(): void {
    const before = this.#current;
    this.#current = this.#effectiveOf(this.#requested());
    if (this.#current.reason === before.reason) return;
    this.#remindedAt = 0;
    if (this.#current.reason === null) {
      this.#options.log.write("info", "content mode as requested again", {
        effective: this.#current.effective,
      });
    }
    this.#remind();
  }

  /** Once a minute, as long as less is kept than was asked for. */
  #remind(): void {
    const { reason, effective } = this.#current;
    const time = this.#options.now();
    if (reason === null || Math.abs(time - this.#remindedAt) < REMIND_MS) return;
    this.#remindedAt = time;
    this.#options.log.write("warn", "content mode degraded", { effective, reason });
  }
}

function encode(mode: ContentMode): string {
  return JSON.stringify(mode);
}

/** What can't be read is an unknown value, not the runtime's error: that would quote it. */
function decode(value: string): string {
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : "unknown";
  } catch {
    return "unknown";
  }
}
