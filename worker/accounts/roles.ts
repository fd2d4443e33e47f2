/** Who may do what in the admin plane. What is not listed is refused. */
import type { Role } from "../../db/store.ts";

/** Parts of the admin plane; each route belongs to one. */
export const AREAS = [
  "spend",
  "traces",
  "audit",
  "privacy",
  "keys",
  "quotas",
  "accounts",
  "providers",
  "health",
] as const;
export type Area = (typeof AREAS)[number];

export interface Rights {
  readonly read: readonly Area[];
  readonly write: readonly Area[];
}

const RIGHTS: Readonly<Record<Role, Rights>> = {
  owner: { read: AREAS, write: AREAS },
  admin: { read: AREAS, write: AREAS.filter((area) => area !== "accounts") },
  /** What happened, and what left the machine; nothing that costs or changes. */
  auditor: { read: ["audit", "traces", "privacy", "health"], write: [] },
  viewer: { read: ["spend"], write: [] },
};

/** What a role may, area by area: for whoever shows only what will be let through. */
export function rightsOf(role: Role): Rights {
  return RIGHTS[role];
}

export function mayDo(role: Role, area: Area, isWrite: boolean): boolean {
  const { read, write } = RIGHTS[role];
  return (isWrite ? write : read).includes(area);
}

/** Who acts, as the audit log names them. */
export interface Actor {
  readonly name: string;
  readonly role: Role;
  /** Of the sign-in or key; null: the admin token itself. */
  readonly tokenId: string | null;
  /** Of the account; null: none. */
  readonly account: string | null;
  /** A program's key: it has no sign-ins, neither of its own nor the admin token's. */
  readonly isKey: boolean;
}
