/**
 * The ports to what administrators set: keys' invites, caps and limits, accounts and tokens. Types only. All of it is changed with its
 * audit entry (`AuditStore.append`), in one transaction.
 */
import type { ClientKey, PriceOverride } from "./store.ts";

/** What a client key is bound to and may do: an invite promises it, a key has it. */
export type KeyTerms = Pick<
  ClientKey,
  "name" | "description" | "user" | "team" | "metadata" | "passthrough" | "models" | "endpoints"
>;

/** Redeemed once for a key. */
export interface Invite extends KeyTerms {
  /** `inv_` and 16 base62 characters. */
  readonly id: string;
  /** Lower-case hex SHA-256 of the secret in its link. */
  readonly secretHash: string;
  /** Of the key. */
  readonly keyExpiresAtMs: number | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly redeemedAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** The key that it was redeemed for. */
  readonly keyId: string | null;
}

export const CAP_SCOPES = ["org", "team", "user", "key"] as const;
export type CapScope = (typeof CAP_SCOPES)[number];
export const CAP_UNITS = ["usd", "tokens"] as const;
export type CapUnit = (typeof CAP_UNITS)[number];
export const CAP_WINDOWS = ["hour", "day", "week", "month"] as const;
export type CapWindow = (typeof CAP_WINDOWS)[number];
export const CAP_MODES = ["hard", "soft"] as const;
export type CapMode = (typeof CAP_MODES)[number];

export interface Cap {
  /** `cap_` and 16 base62 characters. */
  readonly id: string;
  readonly scope: CapScope;
  /** A user, a team, a key's id; null: each of them apart, or the whole organisation. */
  readonly scopeId: string | null;
  readonly unit: CapUnit;
  /** Pico-dollars, or tokens of input and output. */
  readonly amount: bigint;
  readonly window: CapWindow;
  /** IANA name: where days begin. */
  readonly timeZone: string;
  /** `soft`: said, not refused. */
  readonly mode: CapMode;
  /** 1 to 100, where a warning is due; null: none. */
  readonly warnPercent: number | null;
  readonly createdAtMs: number;
  /** 1, 2, 3 … */
  readonly version: number;
}

/** What was used under a cap in one window. */
export interface CapUsage {
  readonly capId: string;
  /** The user, team or key; empty for the whole organisation. */
  readonly subject: string;
  readonly windowStartMs: number;
  readonly used: bigint;
}

/** What a ledger row adds to a cap's usage. */
export type CapCharge = Omit<CapUsage, "used"> & { readonly amount: bigint };

export interface RateLimit {
  /** `lim_` and 16 base62 characters. */
  readonly id: string;
  readonly scope: CapScope;
  /** As a cap's. */
  readonly scopeId: string | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly concurrent: number | null;
  readonly createdAtMs: number;
  readonly version: number;
}

export const ROLES = ["owner", "admin", "auditor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

export interface AdminAccount {
  readonly name: string;
  readonly role: Role;
  /** Argon2id, in its standard text form. */
  readonly passwordHash: string;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | null;
}

/** A sign-in, or a program's key. */
export interface AdminToken {
  readonly id: string;
  /** Lower-case hex SHA-256 of the secret. */
  readonly secretHash: string;
  readonly kind: "session" | "key";
  /** The account, or the key's label; null: signed in with the admin token. */
  readonly name: string | null;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** Reads; what is changed is a `Change`. */
export interface AdminStore {
  /** Oldest first. */
  invites(): Promise<readonly Invite[]>;
  inviteByHash(secretHash: string): Promise<Invite | null>;
  caps(): Promise<readonly Cap[]>;
  /** Windows that began at that time or later. */
  capUsage(fromMs: number): Promise<readonly CapUsage[]>;
  limits(): Promise<readonly RateLimit[]>;
  accounts(): Promise<readonly AdminAccount[]>;
  tokens(): Promise<readonly AdminToken[]>;
  tokenByHash(secretHash: string): Promise<AdminToken | null>;
  /** Forgets so many sign-ins that ended, and as many usages in windows that began, before a time; resolves to how many of both. */
  expire(beforeMs: number, limit: number): Promise<number>;
}

/** A change that an audit entry stands for. One that finds nothing to change fails with `VersionConflict`. */
export type AdminChange =
  | { readonly kind: "key.add"; readonly key: ClientKey }
  | {
      readonly kind: "key.change";
      readonly id: string;
      readonly set: Partial<Omit<ClientKey, "id" | "createdAtMs">>;
    }
  | { readonly kind: "invite.add"; readonly invite: Invite }
  /** Only where it was neither redeemed nor revoked. */
  | {
      readonly kind: "invite.close";
      readonly id: string;
      readonly set: Pick<Invite, "redeemedAtMs" | "revokedAtMs" | "keyId">;
    }
  | {
      readonly kind: "cap.put";
      readonly cap: Cap;
      /** 0: a new one. */
      readonly expectedVersion: number;
    }
  | { readonly kind: "cap.usage"; readonly usage: readonly CapUsage[] }
  | { readonly kind: "cap.remove"; readonly id: string }
  | { readonly kind: "limit.put"; readonly limit: RateLimit; readonly expectedVersion: number }
  | { readonly kind: "limit.remove"; readonly id: string }
  /** Replaces the overrides of the same provider and model. */
  | { readonly kind: "price.put"; readonly overrides: readonly PriceOverride[] }
  | { readonly kind: "price.remove"; readonly provider: string; readonly model: string }
  | { readonly kind: "account.add"; readonly account: AdminAccount }
  | {
      readonly kind: "account.change";
      readonly name: string;
      readonly set: Partial<Pick<AdminAccount, "role" | "passwordHash" | "disabledAtMs">>;
    }
  | { readonly kind: "token.add"; readonly token: AdminToken }
  /** Only those that are live. */
  | { readonly kind: "token.end"; readonly id: string; readonly atMs: number }
  /** All sign-ins of an account; null: those with the admin token. Any number of them, also none. */
  | { readonly kind: "token.end-all"; readonly name: string | null; readonly atMs: number };
