/** How long things are kept, set over the admin API: what is too old goes at once, and nothing younger. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeRow } from "../../../db/contract/rows.ts";
import { record } from "../../audit/record.ts";
import { startGateway, type TestGateway } from "../gateway.ts";
import { until } from "../until.ts";
import { adminOf } from "./rig.ts";

const DAY_MS = 86_400_000;
let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await startGateway({ ANYRAY_TRACE_RETENTION_DAYS: "30" });
  admin = adminOf(gateway);
});
afterAll(() => gateway.stop());

test("a shorter window deletes what is too old, batch by batch; what is younger stays", async () => {
  const now = Date.now();
  const rows = Array.from({ length: 250 }, (_, n) =>
    makeRow({ timeMs: now - (n < 220 ? 40 : 5) * DAY_MS }),
  );
  await Promise.all(rows.map((row) => gateway.store.ledger.append(row)));
  const token = { kind: "session", name: null, role: "viewer", endedAtMs: null } as const;
  const tokens = [70, 50, 10].map((days) => ({
    ...token,
    id: `ses_${days}`,
    secretHash: String(days).padStart(64, "0"),
    createdAtMs: now - 100 * DAY_MS,
    expiresAtMs: now - days * DAY_MS,
  }));
  const entry = { timeMs: now, actor: "test", action: "session.begin", target: "t" } as const;
  await record(
    gateway.store.audit,
    { ...entry, before: null, after: null },
    tokens.map((each) => ({ kind: "token.add", token: each })),
  );

  expect((await admin("GET", "/admin/retention")).body).toEqual({
    traces_days: 30,
    ledger_days: 0,
    sessions_days: 62,
    state: "ok",
    deployment: { traces_days: 30, ledger_days: 0 },
    version: 0,
    changed_at: null,
    changed_by: null,
  });
  const set = await admin("PUT", "/admin/retention", { ledger_days: 30, sessions_days: 40 });
  expect(set.body).toMatchObject({ traces_days: 30, ledger_days: 30, version: 1 });
  await until(async () => ((await gateway.rows()).length === 30 ? true : null));
  expect((await gateway.rows()).every(({ timeMs }) => timeMs > now - 30 * DAY_MS)).toBe(true);
  expect((await gateway.store.admin.tokens()).map(({ id }) => id)).toEqual(["ses_10"]);
  // Sums over the days that went are those of what is left.
  const spend = await admin("GET", `/admin/spend?from=${new Date(0).toISOString()}`);
  expect(spend.body.totals.requests).toBe(30);
});

test("older traces are shown no more from the change on", async () => {
  const shown = async () =>
    (await admin("GET", `/admin/traces?from=${new Date(0).toISOString()}`)).body.traces.length;
  expect(await shown()).toBe(30);
  await admin("PUT", "/admin/retention", { traces_days: 3 });
  expect(await shown()).toBe(0);
  await admin("PUT", "/admin/retention", { traces_days: 0 });
  expect(await shown()).toBe(30);
});

test("is changed only as it was read, by whole days, and what a GET gives may be sent back", async () => {
  const read = (await admin("GET", "/admin/retention")).body;
  const put = (body: unknown, at: number) =>
    admin("PUT", "/admin/retention", body, undefined, { "if-match": `"${at}"` });
  expect((await put(read, read.version)).body.version).toBe(read.version + 1);
  const late = await put({ traces_days: 5 }, read.version);
  expect([late.status, late.body.error.code]).toEqual([409, "conflict"]);
  for (const [body, field] of [
    [{ traces_days: -1 }, "traces_days"],
    [{ traces_days: 1.5 }, "traces_days"],
    [{ ledger_days: 40_000 }, "ledger_days"],
    [{ ledger_days: "thirty" }, "ledger_days"],
    [{ sessions_days: 34 }, "sessions_days"],
    [{ sessions: 40 }, "sessions_days"],
    [{}, "traces_days"],
    [[], "traces_days"],
  ] as const) {
    const { status, body: answer } = await admin("PUT", "/admin/retention", body);
    expect([body, status]).toEqual([body, 400]);
    expect([body, answer.error.message]).toEqual([body, expect.stringContaining(field)]);
  }
  const { entries } = (await admin("GET", "/admin/audit?action=retention.change")).body;
  expect(entries.at(-1)).toMatchObject({
    actor: "admin",
    before: { ledger_days: 0, sessions_days: 62, traces_days: 30 },
    after: { ledger_days: 30, sessions_days: 40, traces_days: 30 },
  });
  const { checks } = (await admin("GET", "/admin/health")).body;
  expect(checks.retention).toEqual({ state: "ok", code: null });
});
