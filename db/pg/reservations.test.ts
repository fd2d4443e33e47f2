/** Caps that several gateways count together: however many ask at once, on whatever connection, whatever of them dies. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { isPostgresThere, startPostgres, type Postgres } from "../contract/postgres.ts";
import { makeRow } from "../contract/rows.ts";
import type { AuditHead, Cap, CapHold, DatabaseOptions } from "../store.ts";
import { createAppender, type Appender } from "./append.ts";
import { createAudit } from "./audit.ts";
import { openDatabase, type PgDatabase } from "./database.ts";
import { createPartitions } from "./partitions.ts";
import { createReservations, type ReservationStore } from "./reservations.ts";

const WINDOW = Date.UTC(2026, 10, 24);
const cap = (id: string, amount: bigint, more: Partial<Cap> = {}): Cap => ({
  id,
  scope: "user",
  scopeId: null,
  unit: "tokens",
  amount,
  window: "day",
  timeZone: "UTC",
  mode: "hard",
  warnPercent: null,
  createdAtMs: 0,
  version: 1,
  ...more,
});
const hold = (capId: string, subject: string, amount: bigint): CapHold => ({
  capId,
  subject,
  windowStartMs: WINDOW,
  amount,
});

describe.skipIf(!isPostgresThere)("reservations on Postgres", () => {
  let postgres: Postgres;
  let options: DatabaseOptions;
  let databases: PgDatabase[];
  /** As many gateways. */
  let gateways: ReservationStore[];
  let appender: Appender;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    options = await postgres.create();
    databases = [];
    gateways = [];
    for (let n = 0; n < 3; n++) await openGateway();
    const [database] = databases;
    if (database === undefined) throw new Error("none is open");
    appender = createAppender(database, createPartitions(database));
  });
  afterEach(async () => {
    for (const gateway of gateways) gateway.close();
    for (const database of databases) await database.close();
  });

  async function openGateway(liveMs?: number): Promise<ReservationStore> {
    const database = await openDatabase(options);
    databases.push(database);
    const owner = String(databases.length).padStart(32, "0");
    const gateway = createReservations(database, owner, liveMs);
    gateways.push(gateway);
    return gateway;
  }

  async function setCaps(...caps: readonly Cap[]): Promise<void> {
    const [database] = databases;
    if (database === undefined) throw new Error("none is open");
    const entry = (head: AuditHead) => ({
      seq: head.seq + 1,
      timeMs: 1,
      actor: "admin",
      action: "cap.create",
      target: "t",
      before: null,
      after: null,
      prevHash: head.hash,
      hash: (head.seq + 1).toString(16).padStart(64, "0"),
    });
    for (const each of caps) {
      await createAudit(database).append(entry, [
        { kind: "cap.put", cap: each, expectedVersion: 0 },
      ]);
    }
  }

  const gatewayAt = (n: number): ReservationStore => {
    const gateway = gateways[n % gateways.length];
    if (gateway === undefined) throw new Error("none is open");
    return gateway;
  };
  const traceId = () => makeRow().traceId;
  const reserve = async (n: number, holds: readonly CapHold[], trace = traceId()) => {
    const verdicts = await gatewayAt(n).reserve(trace, holds);
    return { trace, isIn: verdicts.every(({ isRefused }) => !isRefused), verdicts };
  };
  const states = async () =>
    (await gatewayAt(0).usage(0)).map(({ capId, subject, used, reserved }) => [
      `${capId} ${subject}`,
      used,
      reserved,
    ]);
  /** The request's last row arrives. */
  const settle = (trace: string, charges: readonly CapHold[]) =>
    appender.append([{ row: makeRow({ traceId: trace }), responseId: null, charges }]);

  test("let as many pass as fit, however many come at once on however many gateways", async () => {
    await setCaps(cap("cap_a", 100n));
    const asked = await Promise.all(
      Array.from({ length: 200 }, (_, n) => reserve(n, [hold("cap_a", "ann", 7n)])),
    );
    expect(asked.filter(({ isIn }) => isIn)).toHaveLength(14);
    expect(await states()).toEqual([["cap_a ann", 0n, 98n]]);
  });

  test("take all holds of a request or none, and tell which cap is in the way", async () => {
    await setCaps(cap("cap_wide", 1_000n), cap("cap_narrow", 10n));
    const both = (amount: bigint) => [
      hold("cap_wide", "ann", amount),
      hold("cap_narrow", "ann", amount),
    ];
    expect((await reserve(0, both(10n))).isIn).toBe(true);
    const { isIn, verdicts } = await reserve(1, both(1n));
    expect([isIn, verdicts.filter((each) => each.isRefused).map(({ capId }) => capId)]).toEqual([
      false,
      ["cap_narrow"],
    ]);
    expect((await states()).sort()).toEqual([
      ["cap_narrow ann", 0n, 10n],
      ["cap_wide ann", 0n, 10n],
    ]);
  });

  test("wait for each other in one order, whatever order the holds come in", async () => {
    const ids = ["cap_a", "cap_b", "cap_c", "cap_d"];
    await setCaps(...ids.map((id) => cap(id, 10_000n)));
    const asked = await Promise.all(
      Array.from({ length: 120 }, async (_, n) => {
        const holds = ids.map((id) => hold(id, `u${n % 2}`, 1n));
        const { trace } = await reserve(n, n % 3 === 0 ? holds.toReversed() : holds);
        await settle(trace, n % 2 === 0 ? holds : holds.toReversed());
      }),
    );
    expect(asked).toHaveLength(120);
    expect((await states()).sort()).toEqual(
      ids.flatMap((id) => ["u0", "u1"].map((user) => [`${id} ${user}`, 60n, 0n])),
    );
  });

  test("are replaced by what the request did cost, in the moment in which its row arrives", async () => {
    await setCaps(cap("cap_a", 100n));
    const { trace } = await reserve(0, [hold("cap_a", "ann", 90n)]);
    expect((await reserve(1, [hold("cap_a", "ann", 20n)])).isIn).toBe(false);
    const row = makeRow({ traceId: trace, status: null, outcome: "upstream_error" });
    await appender.append([{ row, responseId: null, charges: [hold("cap_a", "ann", 1n)] }]);
    // Another attempt follows: its request still holds what it may cost.
    expect(await states()).toEqual([["cap_a ann", 1n, 90n]]);
    const last = { row: makeRow({ traceId: trace, attempt: 2 }), responseId: null };
    await appender.append([{ ...last, charges: [hold("cap_a", "ann", 30n)] }]);
    expect(await states()).toEqual([["cap_a ann", 31n, 0n]]);
    // Twice, as after a crash before the place was moved on.
    await appender.append([{ ...last, charges: [hold("cap_a", "ann", 30n)] }]);
    expect(await states()).toEqual([["cap_a ann", 31n, 0n]]);
  });

  test("are one for a request, though it asks twice", async () => {
    await setCaps(cap("cap_a", 100n));
    const { trace } = await reserve(0, [hold("cap_a", "ann", 60n)]);
    expect((await reserve(0, [hold("cap_a", "ann", 60n)], trace)).isIn).toBe(true);
    expect(await states()).toEqual([["cap_a ann", 0n, 60n]]);
  });

  test("are free again if nothing was sent", async () => {
    await setCaps(cap("cap_a", 100n));
    const { trace } = await reserve(0, [hold("cap_a", "ann", 100n)]);
    gatewayAt(0).release(trace);
    for (let n = 0; n < 100 && (await states())[0]?.[2] !== 0n; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await states()).toEqual([["cap_a ann", 0n, 0n]]);
  });

  test("of a gateway that died count no more after a while; of one that lives they go on", async () => {
    await setCaps(cap("cap_a", 100n));
    const dead = await openGateway(300);
    const alive = await openGateway(300);
    await dead.reserve(traceId(), [hold("cap_a", "ann", 60n)]);
    await alive.reserve(traceId(), [hold("cap_a", "ann", 40n)]);
    expect((await reserve(0, [hold("cap_a", "ann", 1n)])).isIn).toBe(false);
    // No sign of life any more.
    dead.close();
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(await states()).toEqual([["cap_a ann", 0n, 40n]]);
    expect((await reserve(0, [hold("cap_a", "ann", 60n)])).isIn).toBe(true);
    expect((await reserve(1, [hold("cap_a", "ann", 1n)])).isIn).toBe(false);
  });

  test("that expired before their row came are charged all the same", async () => {
    await setCaps(cap("cap_a", 100n));
    const dead = await openGateway(50);
    const trace = traceId();
    await dead.reserve(trace, [hold("cap_a", "ann", 60n)]);
    dead.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await settle(trace, [hold("cap_a", "ann", 55n)]);
    expect(await states()).toEqual([["cap_a ann", 55n, 0n]]);
  });

  test("under a soft cap pass, and are counted; a cap that is gone stops nobody", async () => {
    await setCaps(cap("cap_soft", 10n, { mode: "soft" }));
    const { isIn } = await reserve(0, [hold("cap_soft", "ann", 50n), hold("cap_gone", "ann", 50n)]);
    expect(isIn).toBe(true);
    expect((await reserve(1, [hold("cap_soft", "ann", 50n)])).isIn).toBe(true);
    expect((await states()).sort()).toEqual([
      ["cap_gone ann", 0n, 50n],
      ["cap_soft ann", 0n, 100n],
    ]);
  });

  test("keep amounts exactly", async () => {
    const large = 9_007_199_254_740_993n * 1_000_003n;
    await setCaps(cap("cap_a", large));
    expect((await reserve(0, [hold("cap_a", "ann", large - 1n)])).isIn).toBe(true);
    expect((await reserve(1, [hold("cap_a", "ann", 2n)])).isIn).toBe(false);
    expect((await reserve(1, [hold("cap_a", "ann", 1n)])).isIn).toBe(true);
    expect(await states()).toEqual([["cap_a ann", 0n, large]]);
  });

  test("hold at the edge while requests come, end, fail and die on all gateways", async () => {
    const most = 500n;
    await setCaps(cap("cap_a", most), cap("cap_org", 800n, { scope: "org" }));
    let overrun = 0n;
    let spent = 0n;
    await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, (n * 7) % 200));
        const estimate = BigInt((n * 13) % 40);
        const user = n % 2 === 0 ? "ann" : "bob";
        const { trace, isIn } = await reserve(n, [
          hold("cap_org", "", estimate),
          hold("cap_a", user, estimate),
        ]);
        if (!isIn) return;
        if (n % 11 === 0) return gatewayAt(n).release(trace);
        const actual = BigInt((n * 17) % 45);
        overrun += actual > estimate ? actual - estimate : 0n;
        spent += actual;
        await new Promise((resolve) => setTimeout(resolve, (n * 3) % 50));
        const charges = [hold("cap_a", user, actual), hold("cap_org", "", actual)];
        await settle(trace, charges);
        if (n % 5 === 0) await settle(trace, charges);
      }),
    );
    const after = new Map((await states()).map(([name, used]) => [name, used]));
    expect(after.get("cap_org ")).toBe(spent);
    expect(BigInt(after.get("cap_org ") ?? 0) <= 800n + overrun).toBe(true);
    for (const name of ["cap_a ann", "cap_a bob"]) {
      expect(BigInt(after.get(name) ?? 0) <= most + overrun).toBe(true);
    }
    expect(spent > 600n).toBe(true);
  });

  test("have their thresholds told by one gateway, once a window", async () => {
    const of = { capId: "cap_a", subject: "ann", windowStartMs: WINDOW };
    const claims = await Promise.all(
      Array.from({ length: 9 }, (_, n) => gatewayAt(n).claimNotice("cap.warned", of)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await gatewayAt(1).claimNotice("cap.exceeded", of)).toBe(true);
    expect(await gatewayAt(1).claimNotice("cap.warned", { ...of, windowStartMs: WINDOW + 1 })).toBe(
      true,
    );
  });
});
