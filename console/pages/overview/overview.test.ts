/** The overview, and the figures that stand in it. */
import { describe, expect, test } from "bun:test";
import { makeRow } from "../../../db/contract/rows.ts";
import { createIdSource } from "../../../worker/ids.ts";
import { PART, startConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { figuresOf, sumUsd } from "./figures.ts";

testPage({
  path: "/",
  area: "spend",
  title: "Overview",
  empty: "No requests in the last 30 days",
  async fill({ gateway }) {
    const nowMs = Date.now();
    const ids = createIdSource(() => nowMs, null);
    const row = { timeMs: nowMs, user: "ann@example.com", costPicoUsd: 1_230_000_000_000n };
    await gateway.store.ledger.append(
      makeRow({ ...row, id: ids.rowId(), traceId: ids.traceId(), outcome: "ok", latencyMs: 1_500 }),
    );
    return { shows: "ann@example.com", path: "/?all=1" };
  },
});

test("the overview asks for who and what once it stands", async () => {
  const at = await startConsole();
  try {
    await at.gateway.store.ledger.append(makeRow({ timeMs: Date.now(), user: "bo" }));
    const token = await at.signIn("viewer");
    const { html } = await at.get("/?range=7d", token);
    expect(html).toContain('hx-get="/overview/top?range=7d"');
    expect(textOf(html)).toContain("Show users, teams and models");
    const piece = await at.get("/overview/top?range=7d", token, PART);
    expect(piece.html).toStartWith('<div class="columns"><section');
    expect(textOf(piece.html)).toContain("bo");
    const opened = await at.get("/overview/top?range=7d", token);
    expect(opened.html).toContain('<h1 tabindex="-1">A part of a page</h1>');
    expect((await at.get("/overview/top", await at.signIn("auditor"), PART)).status).toBe(403);
    // Where the sign-in has ended meanwhile, the page is what one comes back to, not the part.
    const asked = { ...PART, "hx-current-url": "http://localhost:3000/?range=7d" };
    const ended = await at.get("/overview/top?range=7d", null, asked);
    expect(ended.headers.get("hx-redirect")).toBe("/sign-in?to=%2F%3Frange%3D7d");
    // What is wrong with a part stands in its place.
    const wrong = await at.get("/overview/top", await at.signIn("auditor"), PART);
    expect(wrong.html).toStartWith('<div class="notice bad" role="alert">');
    at.takeGatewayAway();
    const away = await at.get("/overview/top", token, PART);
    expect([away.status, away.html.includes("<main")]).toEqual([503, false]);
  } finally {
    await at.stop();
  }
});

test("the overview tells errors from answers, and this period from the one before", async () => {
  const at = await startConsole();
  try {
    const nowMs = Date.now();
    const outcomes = ["ok", "ok", "upstream_error", "refused"] as const;
    let timeMs = nowMs;
    const ids = createIdSource(() => timeMs, null);
    for (const [outcome, daysAgo] of [
      ["ok", 40],
      ...outcomes.map((each) => [each, 0] as const),
    ] as const) {
      timeMs = nowMs - daysAgo * 86_400_000;
      const costPicoUsd = outcome === "ok" ? 500_000_000_000n : 0n;
      await at.gateway.store.ledger.append(
        makeRow({
          id: ids.rowId(),
          traceId: ids.traceId(),
          timeMs,
          outcome,
          costPicoUsd,
          unpriced: false,
        }),
      );
    }
    const text = textOf((await at.get("/", await at.signIn("viewer"))).html);
    expect(text).toContain("Spend $1.00 +100%");
    expect(text).toContain("Requests 4 +300%");
    expect(text).toContain("Errors 25%");
    expect(text).toContain("1 refused");
    expect(text).toContain("Of the newest 4 requests in the range");
    const day = textOf((await at.get("/?range=24h", await at.signIn("viewer"))).html);
    expect(day).toContain("Spend $1.00");
    expect(day).toContain("By the hour");
  } finally {
    await at.stop();
  }
});

describe("figures", () => {
  test("add money exactly, and fill the steps without requests", () => {
    const base = {
      requests: 1,
      input_tokens: 10,
      output_tokens: 5,
      saved_usd: "0.000000000000",
      unpriced_requests: 0,
    };
    const range = { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 10, 3) + 1 };
    const figures = figuresOf(
      [
        { ...base, day: "2026-11-01", outcome: "ok", cost_usd: "0.100000000001" },
        { ...base, day: "2026-11-03", outcome: "timeout", cost_usd: "0.200000000002" },
      ],
      range,
      "day",
    );
    expect(figures.costUsd).toBe("0.300000000003");
    expect(figures.steps).toEqual(["2026-11-01", "2026-11-02", "2026-11-03"]);
    expect(figures.course.requests).toEqual([1, 0, 1]);
    expect([figures.errors, figures.tokens]).toEqual([1, 30]);
    expect(sumUsd(["-1.500000000000", "0.250000000000"])).toBe("-1.250000000000");
  });
});
