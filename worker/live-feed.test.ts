import { describe, expect, test } from "bun:test";
import { makeRow } from "../db/contract/rows.ts";
import type { LedgerRow } from "../db/store.ts";
import { LiveFeed } from "./live-feed.ts";

function rig() {
  const feed = new LiveFeed();
  const commits: { resolve(): void; reject(error: Error): void }[] = [];
  const ledger = feed.watch({
    append: () =>
      new Promise<void>((resolve, reject) => {
        commits.push({ resolve, reject });
      }),
  });
  const append = async (row: LedgerRow): Promise<void> => {
    const done = ledger.append(row);
    commits.at(-1)?.resolve();
    await done;
  };
  return { feed, ledger, commits, append };
}

describe("the live feed", () => {
  test("gives each follower each row once it is committed, and not before", async () => {
    const { feed, ledger, commits } = rig();
    const [one, other] = [feed.follow(), feed.follow()];
    const row = makeRow();
    const committed = ledger.append(row);
    expect((await one?.next(1))?.rows).toEqual([]);
    commits[0]?.resolve();
    await committed;
    expect((await one?.next(1_000))?.rows).toEqual([row]);
    expect((await other?.next(1_000))?.rows).toEqual([row]);
  });

  test("wakes a follower that waits", async () => {
    const { feed, append } = rig();
    const follower = feed.follow();
    const next = follower?.next(60_000);
    const row = makeRow();
    await append(row);
    expect(await next).toEqual({ rows: [row], missed: 0 });
  });

  test("knows nothing of a row that was not committed; its writer is told as ever", async () => {
    const { feed, ledger, commits } = rig();
    const follower = feed.follow();
    const committed = ledger.append(makeRow());
    commits[0]?.reject(new Error("full"));
    expect(await committed.catch(() => "failed")).toBe("failed");
    expect((await follower?.next(1))?.rows).toEqual([]);
  });

  test("keeps nothing while nobody follows, and nothing for who has gone", async () => {
    const { feed, append } = rig();
    await append(makeRow());
    const follower = feed.follow();
    expect((await follower?.next(1))?.rows).toEqual([]);
    follower?.close();
    follower?.close();
    expect(feed.followers).toBe(0);
    await append(makeRow());
    expect(await follower?.next(1)).toBeNull();
  });

  test("drops the oldest for a follower that is too slow, and says how many", async () => {
    const { feed, append } = rig();
    const follower = feed.follow();
    const rows = Array.from({ length: 1_005 }, () => makeRow());
    for (const row of rows) await append(row);
    const part = await follower?.next(1);
    expect([part?.rows.length, part?.missed]).toEqual([1_000, 5]);
    expect(part?.rows.at(-1)).toEqual(rows.at(-1));
    expect(await follower?.next(1)).toEqual({ rows: [], missed: 0 });
  });

  test("takes so many followers and no more, until one has gone; closed, it takes none", async () => {
    const { feed } = rig();
    const followers = Array.from({ length: 32 }, () => feed.follow());
    expect(followers).not.toContain(null);
    expect(feed.follow()).toBeNull();
    followers[0]?.close();
    const late = feed.follow();
    const waiting = late?.next(60_000);
    feed.close();
    expect(await waiting).toBeNull();
    expect([feed.followers, feed.follow()]).toEqual([0, null]);
  });
});
