/** What every `KeyStore`, `ClaimedNameStore` and `PriceOverrideStore` does: the suites, run on each database. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ClientKey, PriceOverride } from "../store.ts";
import type { ContractStore, Open, Opened } from "./opened.ts";

let count = 0;

function makeKey(members: Partial<ClientKey> = {}): ClientKey {
  count += 1;
  return {
    id: `key_${String(count).padStart(16, "0")}`,
    secretHash: count.toString(16).padStart(64, "0"),
    display: "abc123",
    name: "laptop of josé",
    user: "josé@example.com",
    team: "red",
    metadata: "ignore",
    passthrough: "demo",
    models: ["demo/*", "demo/small", "bare"],
    createdAtMs: 1_700_000_000_000 + count,
    expiresAtMs: 1_900_000_000_000,
    revokedAtMs: null,
    description: "spare one",
    endpoints: ["chat", "embeddings"],
    previousHash: null,
    previousUntilMs: null,
    ...members,
  };
}

const NOTHING = {
  name: null,
  user: null,
  team: null,
  metadata: null,
  passthrough: null,
  models: null,
  expiresAtMs: null,
  description: null,
  endpoints: null,
} as const;

function override(members: Partial<PriceOverride> = {}): PriceOverride {
  return {
    provider: "demo",
    model: "small",
    price: '{"prices":{"input":"150000","output":"600000"},"tiers":[{"above":200000}]}',
    version: "2026-11-01",
    createdAtMs: 1_700_000_000_000,
    ...members,
  };
}

/** Runs the tests on a store of their own each. */
function onStore(open: Open, body: (store: () => ContractStore) => void): void {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.remove());
  body(() => opened.store);
}

export function describeKeys(database: string, open: Open): void {
  describe(`client keys on ${database}`, () =>
    onStore(open, (store) => {
      test("come back member by member, oldest first", async () => {
        const keys = [makeKey(), makeKey(NOTHING), makeKey({ metadata: "fill", models: [] })];
        for (const key of keys.toReversed()) await store().keys.create(key);
        expect(await store().keys.list()).toEqual(keys);
      });

      test("are found by the hash of their secret, revoked and expired ones too", async () => {
        const key = makeKey({ expiresAtMs: 1 });
        await store().keys.create(key);
        expect(await store().keys.findByHash(key.secretHash)).toEqual(key);
        await store().keys.revoke(key.id, 5);
        expect(await store().keys.findByHash(key.secretHash)).toEqual({ ...key, revokedAtMs: 5 });
        expect(await store().keys.findByHash("f".repeat(64))).toBeNull();
      });

      test("are revoked once", async () => {
        const key = makeKey();
        await store().keys.create(key);
        expect(await store().keys.revoke(key.id, 5)).toBe(true);
        expect(await store().keys.revoke(key.id, 6)).toBe(false);
        expect(await store().keys.revoke("key_none", 6)).toBe(false);
        expect((await store().keys.list())[0]?.revokedAtMs).toBe(5);
      });

      test("are refused with an id or a hash that exists", async () => {
        const key = makeKey();
        await store().keys.create(key);
        await expect(store().keys.create(makeKey({ id: key.id }))).rejects.toThrow();
        const { secretHash } = key;
        await expect(store().keys.create(makeKey({ secretHash }))).rejects.toThrow();
        expect(await store().keys.list()).toEqual([key]);
      });
    }));
}

export function describeClaimedNames(database: string, open: Open): void {
  describe(`claimed names on ${database}`, () =>
    onStore(open, (store) => {
      test("are listed for their key, with the day on which they were first seen", async () => {
        const { claimedUsers, claimedTeams } = store();
        await claimedUsers.add("key_a", "ann", "2026-11-23");
        await claimedUsers.add("key_a", "bob", "2026-11-24");
        await claimedUsers.add("key_b", "ann", "2026-11-25");
        await claimedUsers.add("key_a", "ann", "2026-11-26");
        await claimedTeams.add("key_a", "ann", "2026-11-27");
        const list = [...(await claimedUsers.list("key_a"))].sort((a, b) =>
          a.day < b.day ? -1 : 1,
        );
        expect(list).toEqual([
          { name: "ann", day: "2026-11-23" },
          { name: "bob", day: "2026-11-24" },
        ]);
        expect(await claimedUsers.list("key_none")).toEqual([]);
        // A team is no user.
        expect(await claimedTeams.list("key_a")).toEqual([{ name: "ann", day: "2026-11-27" }]);
      });
    }));
}

export function describePrices(database: string, open: Open): void {
  describe(`price overrides on ${database}`, () =>
    onStore(open, (store) => {
      test("come back as they were put, by provider and model", async () => {
        const sorted = [override({ model: "big" }), override(), override({ provider: "z" })];
        await store().prices.put(sorted.toReversed());
        expect(await store().prices.list()).toEqual(sorted);
      });

      test("replace those of the same model", async () => {
        await store().prices.put([override(), override({ model: "big" })]);
        const newer = override({
          price: '{"prices":{"input":"1"}}',
          version: "v2",
          createdAtMs: 2,
        });
        await store().prices.put([newer]);
        expect(await store().prices.list()).toEqual([override({ model: "big" }), newer]);
      });

      test("are put all or not at all", async () => {
        const bad = override({ model: "a model with far too many words" });
        await expect(store().prices.put([override(), bad])).rejects.toThrow();
        expect(await store().prices.list()).toEqual([]);
      });
    }));
}
