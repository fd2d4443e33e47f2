/** Sessions: the list, and the requests of one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeRow } from "../../../db/contract/rows.ts";
import { createIdSource } from "../../../worker/ids.ts";
import { PART, startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { sessionLink } from "./link.ts";

async function append(at: TestConsole, count: number, session: string | null): Promise<void> {
  let nowMs = Date.now() - count * 1_000;
  const ids = createIdSource(() => nowMs, null);
  for (let n = 0; n < count; n++, nowMs += 1_000) {
    await at.gateway.store.ledger.append(
      makeRow({
        id: ids.rowId(),
        traceId: ids.traceId(),
        timeMs: nowMs,
        session,
        outcome: n === 0 ? "timeout" : "ok",
        latencyMs: 500,
        inputTokens: 1_000,
        outputTokens: 10,
        costPicoUsd: 500_000_000_000n,
      }),
    );
  }
}

testPage({
  path: "/sessions",
  area: "traces",
  title: "Sessions",
  empty: "No sessions in the last 24 hours",
  async fill(at) {
    await append(at, 3, "agent/run 7");
    return { shows: "agent/run 7 3 3,000 30 $1.50 just now" };
  },
});
testPage({
  path: `/sessions/${encodeURIComponent("agent/run 7")}`,
  area: "traces",
  title: "agent/run 7",
  empty: "No requests of this session here",
  async fill(at) {
    await append(at, 3, "agent/run 7");
    return { shows: "Requests 3 1 not ok Lasted 2.50 s Tokens in 3,000 Tokens out 30 Cost $1.50" };
  },
});

describe("sessions", () => {
  let at: TestConsole;
  let token: string;
  beforeAll(async () => {
    at = await startConsole();
    token = await at.signIn("auditor");
    await append(at, 120, "long");
    await append(at, 2, null);
  });
  afterAll(() => at.stop());

  test("lead to their requests, at the time when they were; those without one to the search", async () => {
    const { html } = await at.get("/sessions", token);
    const link = /href="(\/sessions\/long\?from=[^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    const { html: session } = await at.get(link ?? "", token);
    expect(textOf(session)).toContain("Requests 50 on this page");
    expect(session).toContain('rel="next"');
    expect(html).toContain('href="/traces?session=none&range=24h"');
    const without = await at.get("/traces?session=none&range=24h", token);
    expect([...without.html.matchAll(/href="\/traces\/[0-9a-f]{32}"/g)]).toHaveLength(2);
  });

  test("of a long range come after the page, or with it for who has no scripts", async () => {
    const { html } = await at.get("/sessions?range=30d", token);
    expect(html).not.toContain("<table");
    const part = /hx-get="([^"]+)"/.exec(html)?.[1] ?? "";
    const piece = await at.get(part, token, PART);
    expect(textOf(piece.html)).toContain("long 120");
    expect(piece.html).not.toContain("<h1");
    const link = /href="([^"]+)"[^>]*>Show the sessions/.exec(html)?.[1] ?? "";
    expect(textOf((await at.get(link, token)).html)).toContain("long 120");
  });

  test("come page by page, the newest first", async () => {
    for (let n = 0; n < 60; n++) await append(at, 1, `s-${n}`);
    const { html } = await at.get("/sessions", token);
    expect(textOf(html)).toMatch(/s-59 .* s-58 /);
    const next = /href="([^"]+)" rel="next"/.exec(html)?.[1] ?? "";
    const second = await at.get(next, token);
    expect(textOf(second.html)).toContain("Newest");
    const seen = [...(html + second.html).matchAll(/href="\/sessions\/(s-\d+)\?/g)].map(
      ([, id]) => id,
    );
    expect([seen.length, new Set(seen).size]).toEqual([60, 60]);
    const wrong = await at.gateway.fetch("/admin/sessions?cursor=x", {
      headers: { authorization: `Bearer ${at.gateway.adminToken}` },
    });
    expect(wrong.status).toBe(400);
  });

  test("a link names the days around the time, and no day where there is no time", () => {
    expect(sessionLink("a/b", "2026-11-24T05:00:00.000Z")).toBe(
      "/sessions/a%2Fb?from=2026-11-23&to=2026-11-24",
    );
    expect(sessionLink("s", null)).toBe("/sessions/s");
  });
});
