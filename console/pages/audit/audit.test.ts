/** The audit log: entries in words, filters, pages, the check, the export. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AUDIT_ACTIONS } from "../../../worker/audit/entry.ts";
import { adminAsk } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { factsText } from "./entry.tsx";

testPage({
  path: "/audit",
  area: "audit",
  title: "Audit",
  empty: "No checkpoint yet",
  async fill(at) {
    await adminAsk(at, "POST", "/keys", { name: "laptop", user: "ann" });
    return { shows: "name laptop · " };
  },
});
testPage({
  path: "/audit?action=cap.remove",
  area: "audit",
  title: "Audit",
  empty: "No entry is like that",
  showsText: true,
});
testPage({ path: "/audit/verify?all=1", area: "audit", title: "The audit log, verified" });

describe("the facts of an entry", () => {
  test("are told as what is set, or as what changed, for people to read", () => {
    const time = "2026-11-25T20:39:48.636Z";
    for (const [before, after, text] of [
      [null, { user: "ann", team: null, hard: true }, "user ann · hard yes"],
      [{ amount: "25", mode: "hard" }, { amount: "30", mode: "hard" }, "amount 25 → 30"],
      [{ team: "core" }, { team: null }, "team core → none"],
      [{ state: "open" }, null, "state open"],
      [
        { role: "admin" },
        { role: "admin", password_changed: true, signed_out: false },
        "password changed yes",
      ],
      [null, { amount: "4000.000000000000" }, "amount 4000"],
      [null, { amount: "0.500000000000" }, "amount 0.5"],
      [null, { models: 100 }, "models 100"],
      [{ revoked_at: null }, { revoked_at: time }, "revoked at none → 25 Nov 2026, 20:39:48 UTC"],
      [null, null, ""],
    ] as const) {
      expect(factsText({ before, after }, "UTC")).toBe(text);
    }
  });
});

describe("the audit log", () => {
  let at: TestConsole;
  let auditor: string;
  beforeAll(async () => {
    at = await startConsole();
    auditor = await at.signIn("auditor");
    for (let n = 0; n < 60; n++) await adminAsk(at, "POST", "/keys", { name: `k ${n}` });
  });
  afterAll(() => at.stop());

  test("comes a page at a time, the newest first", async () => {
    const { html } = await at.get("/audit?action=key.create", auditor);
    expect(textOf(html)).toContain("name k 59");
    const next = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toContain("action=key.create");
    const second = textOf((await at.get(next, auditor)).html);
    expect([second.includes("name k 3 "), second.includes("name k 59")]).toEqual([true, false]);
  });

  test("is filtered by who, what, on what and when; what the gateway refuses is said at the form", async () => {
    const none = textOf((await at.get("/audit?actor=nobody", auditor)).html);
    expect(none).toContain("No entry is like that");
    const created = textOf((await at.get("/audit?action=account.create", auditor)).html);
    expect(created).toContain("role auditor");
    const later = textOf((await at.get("/audit?from=2099-01-01", auditor)).html);
    expect(later).toContain("No entry is like that");
    const { status, html } = await at.get("/audit?action=key.eat", auditor);
    expect([status, html.includes('value="key.eat"')]).toEqual([400, true]);
  });

  test("offers every action that there is", async () => {
    const { html } = await at.get("/audit", auditor);
    const offered = [...html.matchAll(/<option value="([a-z.]+)"/g)].map(([, action]) => action);
    expect(offered.toSorted()).toEqual(AUDIT_ACTIONS.toSorted());
  });

  test("leads to what an entry is about only whom that opens for", async () => {
    const path = "/audit?action=key.create";
    expect((await at.get(path, auditor)).html).not.toContain('href="/keys/key_');
    expect((await at.get(path, await at.signIn())).html).toContain('href="/keys/key_');
  });

  test("is verified on the spot, with the command that does it elsewhere", async () => {
    const text = textOf((await at.get("/audit/verify", auditor)).html);
    expect(text).toContain("Show the verdict");
    for (const path of ["/audit/verify/verdict", "/audit/verify?all=1"]) {
      expect(textOf((await at.get(path, auditor)).html)).toContain("It is whole: ");
    }
    const { public_key } = await adminAsk(at, "GET", "/audit/checkpoints");
    expect(text).toContain(`audit verify anyray-audit.jsonl --public-key ${public_key}`);
  });

  test("is a file of one entry a line, for those who may read it", async () => {
    const { status, headers, html } = await at.get("/audit.jsonl", auditor);
    expect([status, headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    const lines = html
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(60);
    expect(lines[0]).toMatchObject({ kind: "entry", seq: 1 });
    expect((await at.get("/audit.jsonl", await at.signIn("viewer"))).status).toBe(403);
    at.takeGatewayAway();
    expect((await at.get("/audit.jsonl", auditor)).status).toBe(503);
  });
});
