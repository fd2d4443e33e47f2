/** What every `AdminStore` and the changes of an `AuditStore` do: all of a change or nothing, and no change of what is not as it was read. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  VersionConflict,
  type AdminAccount,
  type AdminToken,
  type AuditHead,
  type AuditRecord,
  type Cap,
  type Change,
  type ClientKey,
  type Invite,
  type RateLimit,
} from "../store.ts";
import type { Open, Opened } from "./opened.ts";
import { makeRow } from "./rows.ts";

const HASH = "ab".repeat(32);
const OTHER_HASH = "cd".repeat(32);
const TERMS = {
  name: "laptop",
  description: "of ann",
  user: "ann",
  team: "red",
  metadata: "fill",
  passthrough: null,
  models: ["demo/*", "bare"],
  endpoints: ["chat"],
} as const;

const key: ClientKey = {
  ...TERMS,
  id: "key_0000000000000001",
  secretHash: HASH,
  display: "abc123",
  createdAtMs: 1,
  expiresAtMs: null,
  revokedAtMs: null,
  previousHash: null,
  previousUntilMs: null,
};
const invite: Invite = {
  ...TERMS,
  id: "inv_1",
  secretHash: HASH,
  keyExpiresAtMs: 9,
  createdAtMs: 1,
  expiresAtMs: 5,
  redeemedAtMs: null,
  revokedAtMs: null,
  keyId: null,
};
const cap: Cap = {
  id: "cap_1",
  scope: "user",
  scopeId: "josé@example.com",
  unit: "usd",
  // Above 2^53: no driver may round it.
  amount: 9_007_199_254_740_993n,
  window: "month",
  timeZone: "Europe/Berlin",
  mode: "hard",
  warnPercent: 80,
  createdAtMs: 1,
  version: 1,
};
const limit: RateLimit = {
  id: "lim_1",
  scope: "org",
  scopeId: null,
  requestsPerMinute: 10,
  tokensPerMinute: null,
  concurrent: 3,
  createdAtMs: 1,
  version: 1,
};
const account: AdminAccount = {
  name: "eve@example.com",
  role: "auditor",
  passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
  createdAtMs: 1,
  disabledAtMs: null,
};
const token: AdminToken = {
  id: "ses_1",
  secretHash: HASH,
  kind: "session",
  name: "eve@example.com",
  role: "auditor",
  createdAtMs: 1,
  expiresAtMs: 10,
  endedAtMs: null,
};

const entry = (head: AuditHead): AuditRecord => ({
  seq: head.seq + 1,
  timeMs: 1_000,
  actor: "admin",
  action: "key.create",
  target: "t",
  before: null,
  after: null,
  prevHash: head.hash,
  hash: (head.seq + 1).toString(16).padStart(64, "0"),
});

export function describeAdmin(name: string, open: Open): void {
  describe(`what administrators set on ${name}`, () => {
    let opened: Opened;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.remove());

    const apply = (...changes: readonly Change[]) => opened.store.audit.append(entry, changes);
    const refused = async (...changes: readonly Change[]) => {
      const before = await opened.store.audit.head();
      await expect(apply(...changes)).rejects.toBeInstanceOf(VersionConflict);
      expect(await opened.store.audit.head()).toEqual(before);
    };

    test("comes back as it was set", async () => {
      await apply(
        { kind: "key.add", key },
        { kind: "invite.add", invite },
        { kind: "cap.put", cap, expectedVersion: 0 },
        { kind: "limit.put", limit, expectedVersion: 0 },
        { kind: "account.add", account },
        { kind: "token.add", token },
      );
      const { admin, keys } = opened.store;
      expect(await keys.find(key.id)).toEqual(key);
      expect(await admin.invites()).toEqual([invite]);
      expect(await admin.inviteByHash(HASH)).toEqual(invite);
      expect(await admin.caps()).toEqual([cap]);
      expect(await admin.limits()).toEqual([limit]);
      expect(await admin.accounts()).toEqual([account]);
      expect(await admin.tokens()).toEqual([token]);
      expect(await admin.tokenByHash(HASH)).toEqual(token);
      expect([await admin.tokenByHash(OTHER_HASH), await admin.inviteByHash(OTHER_HASH)]).toEqual([
        null,
        null,
      ]);
    });

    test("is set whole or not at all, its audit entry with it", async () => {
      await apply({ kind: "key.add", key });
      await refused({ kind: "account.add", account }, { kind: "key.add", key });
      expect(await opened.store.admin.accounts()).toEqual([]);
    });

    test("is found by either secret of a key that was rotated", async () => {
      await apply({ kind: "key.add", key });
      const set = { secretHash: OTHER_HASH, previousHash: HASH, previousUntilMs: 7 };
      await apply({ kind: "key.change", id: key.id, set });
      const rotated = { ...key, ...set };
      const { keys } = opened.store;
      expect([await keys.findByHash(HASH), await keys.findByHash(OTHER_HASH)]).toEqual([
        rotated,
        rotated,
      ]);
      await refused({ kind: "key.change", id: "key_none", set: { name: "x" } });
    });

    test("is changed only as it was read", async () => {
      await apply(
        { kind: "cap.put", cap, expectedVersion: 0 },
        { kind: "limit.put", limit, expectedVersion: 0 },
      );
      await refused({ kind: "cap.put", cap, expectedVersion: 0 });
      const second = { ...cap, amount: 5n, version: 2 };
      await apply({ kind: "cap.put", cap: second, expectedVersion: 1 });
      await refused({ kind: "cap.put", cap: { ...second, version: 3 }, expectedVersion: 1 });
      expect(await opened.store.admin.caps()).toEqual([second]);
      await refused({ kind: "limit.put", limit: { ...limit, version: 9 }, expectedVersion: 8 });
      await apply({ kind: "cap.remove", id: cap.id }, { kind: "limit.remove", id: limit.id });
      await refused({ kind: "cap.remove", id: cap.id });
      await refused({ kind: "limit.remove", id: limit.id });
    });

    test("lets an invite be closed once, whoever comes first", async () => {
      await apply({ kind: "invite.add", invite });
      const redeem: Change = {
        kind: "invite.close",
        id: invite.id,
        set: { redeemedAtMs: 3, revokedAtMs: null, keyId: key.id },
      };
      const both = await Promise.allSettled([
        apply(redeem, { kind: "key.add", key }),
        apply(redeem, { kind: "key.add", key: { ...key, id: "key_2", secretHash: OTHER_HASH } }),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(await opened.store.keys.list()).toHaveLength(1);
    });

    test("ends one sign-in, or all of an account, and no program's key", async () => {
      const program: AdminToken = { ...token, id: "akey_1", secretHash: OTHER_HASH, kind: "key" };
      const byToken: AdminToken = {
        ...token,
        id: "ses_2",
        secretHash: "ef".repeat(32),
        name: null,
      };
      for (const each of [token, program, byToken]) await apply({ kind: "token.add", token: each });
      await apply({ kind: "token.end-all", name: token.name, atMs: 4 });
      const ended = async () =>
        (await opened.store.admin.tokens())
          .filter(({ endedAtMs }) => endedAtMs !== null)
          .map(({ id }) => id);
      expect(await ended()).toEqual(["ses_1"]);
      await apply({ kind: "token.end-all", name: null, atMs: 4 });
      expect((await ended()).sort()).toEqual(["ses_1", "ses_2"]);
      await refused({ kind: "token.end", id: "ses_1", atMs: 5 });
      await apply({ kind: "token.end", id: "akey_1", atMs: 5 });
      expect(await opened.store.admin.expire(20, 1)).toBe(1);
      expect(await opened.store.admin.tokens()).toHaveLength(2);
      expect(await opened.store.admin.expire(20, 10)).toBe(1);
      expect(await opened.store.admin.expire(20, 10)).toBe(0);
      expect((await opened.store.admin.tokens()).map(({ id }) => id)).toEqual(["akey_1"]);
    });

    test("adds what rows cost to caps, exactly, once a row, with the row or not at all", async () => {
      const { admin, ledger } = opened.store;
      await apply({ kind: "cap.put", cap, expectedVersion: 0 });
      const usage = { capId: cap.id, subject: "ann", windowStartMs: 100 };
      await apply({ kind: "cap.usage", usage: [{ ...usage, used: 2n ** 60n }] });
      const charge = { ...usage, amount: 9_007_199_254_740_993n };
      const row = makeRow();
      await ledger.append(row, undefined, [charge]);
      // The same row again, as after a crash.
      await ledger.append({ ...row, id: makeRow().id }, undefined, [charge]);
      await Promise.all(
        Array.from({ length: 50 }, () =>
          ledger.append(makeRow(), undefined, [{ ...charge, amount: 1n }]),
        ),
      );
      await expect(
        ledger.append(makeRow({ user: "what is this, please tell me now" }), undefined, [charge]),
      ).rejects.toThrow();
      expect(await admin.capUsage(100)).toEqual([
        { ...usage, used: 2n ** 60n + charge.amount + 50n },
      ]);
      expect(await admin.capUsage(101)).toEqual([]);
      const old = Array.from({ length: 5 }, (_, n) => ({ ...usage, windowStartMs: n, used: 1n }));
      await apply({ kind: "cap.usage", usage: old });
      expect([await admin.expire(100, 3), await admin.expire(100, 3)]).toEqual([3, 2]);
      expect(await admin.capUsage(0)).toHaveLength(1);
      expect([await admin.expire(101, 3), await admin.capUsage(0)]).toEqual([1, []]);
    });
  });
}
