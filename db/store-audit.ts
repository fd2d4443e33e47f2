/** The ports to the audit log and to the settings that are changed with it. Types, and the error that both share. */
import type { AdminChange } from "./store-admin.ts";

/** One entry of the audit log, sealed into the chain (`worker/audit/SPEC.md`). */
export interface AuditRecord {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  /** Canonical JSON. */
  readonly before: string | null;
  readonly after: string | null;
  /** Lower-case hex SHA-256. */
  readonly prevHash: string;
  readonly hash: string;
}

/** `seq` 0 and 64 zeros for an empty log. */
export type AuditHead = Pick<AuditRecord, "seq" | "hash">;

export interface AuditQuery {
  /** Inclusive, ms since 1970. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly where: Partial<Record<"actor" | "action" | "target", string>>;
  /** Entries below this one; null: from the newest on. */
  readonly beforeSeq: number | null;
  readonly limit: number;
}

export interface Setting {
  readonly name: string;
  /** JSON with names, numbers, closed words, and what is sealed. At most 16 KiB. */
  readonly value: string;
  /** 1, 2, 3 … */
  readonly version: number;
  readonly changedAtMs: number;
  readonly changedBy: string;
}

/** A new value for a setting. */
export interface SettingChange {
  readonly kind: "setting";
  readonly name: string;
  readonly value: string;
  /** The version that was read; 0: there was none. Null: whatever it was. */
  readonly expectedVersion: number | null;
}

export type Change = SettingChange | AdminChange;

/** The change was made by someone else meanwhile. */
export class VersionConflict extends Error {
  override readonly name = "VersionConflict";
}

export interface SettingStore {
  get(name: string): Promise<Setting | null>;
  /** All whose name begins so, by name. */
  list(prefix: string): Promise<readonly Setting[]>;
}

/** The audit log, and every change that belongs into it. */
export interface AuditStore {
  /**
   * In one transaction, one writer at a time: reads the head, has the entry made for it, stores it together with the changes.
   * Rejects, with nothing stored, if anything fails; with `VersionConflict` if what is to be changed has another version, is not
   * there (any more), or is there already.
   */
  append(make: (head: AuditHead) => AuditRecord, changes?: readonly Change[]): Promise<AuditRecord>;
  head(): Promise<AuditHead>;
  /** Oldest first, those after an entry. */
  after(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
}
