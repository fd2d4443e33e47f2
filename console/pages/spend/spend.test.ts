/** The Spend page: its question in the address, its figures, and the file. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeRow } from "../../../db/contract/rows.ts";
import { createIdSource } from "../../../worker/ids.ts";
import { PART, startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { seriesOf, wholeSeries } from "./course.ts";

async function fill({ gateway }: TestConsole, count = 1): Promise<void> {
  const nowMs = Date.now();
  const ids = createIdSource(() => nowMs, null);
  const rows = Array.from({ length: count }, (_, index) =>
    makeRow({
      id: ids.rowId(),
      traceId: ids.traceId(),
      timeMs: nowMs,
      user: index % 2 === 0 ? "ann@example.com" : null,
      team: "core",
      modelServed: index % 2 === 0 ? "large" : "small",
      costPicoUsd: 1_000_000_000_000n,
      unpriced: false,
    }),
  );
  await Promise.all(rows.map((row) => gateway.store.ledger.append(row)));
}

testPage({
  path: "/spend",
  area: "spend",
  title: "Spend",
  empty: "No requests match",
  async fill(at) {
    await fill(at);
    return {
      shows: "ann@example.com",
      path: "/spend?group_by=user&group_by=model&team=core&all=1",
    };
  },
});

describe("the Spend page", () => {
  let at: TestConsole;
  let token: string;
  beforeAll(async () => {
    at = await startConsole();
    token = await at.signIn("viewer");
    await fill(at, 4);
  });
  afterAll(() => at.stop());
  const read = async (query: string) => textOf((await at.get(`/spend?${query}`, token)).html);

  test("groups by what the address says, names what nobody is named for, and leads on", async () => {
    const text = await read("group_by=user");
    expect(text).toContain("ann@example.com $2.00 50% new 2");
    expect(text).toContain("No user $2.00 50%");
    const { html } = await at.get("/spend?group_by=user", token);
    expect(html).toContain('href="/spend?group_by=model&user=none"');
  });

  test("groups by two, by time, and by every name that the API knows", async () => {
    expect(await read("group_by=team&group_by=model")).toContain("core large $2.00");
    const { group_names: names } = await (
      await at.gateway.fetch("/admin/spend", {
        headers: { authorization: `Bearer ${at.gateway.adminToken}` },
      })
    ).json();
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const { status, html } = await at.get(`/spend?group_by=${name}&range=24h&all=1`, token);
      expect([name, status, textOf(html).includes("Spend $4.00")]).toEqual([name, 200, true]);
    }
  });

  test("filters by what the address says; each filter can be taken off", async () => {
    const { html } = await at.get("/spend?model=large&user=none", token);
    expect(textOf(html)).toContain("No requests match");
    const one = await at.get("/spend?model=large&outcome=ok", token);
    expect(textOf(one.html)).toContain("Spend $2.00");
    expect(textOf(one.html)).toContain("Take off: Outcome: ok");
    expect(one.html).toContain('href="/spend?model=large"');
    expect(one.html).toContain('<input type="hidden" name="outcome" value="ok"/>');
  });

  test("asks for the course once it stands: five by name, the others as one, the sum whole", async () => {
    const { html } = await at.get("/spend?group_by=user&range=7d", token);
    expect(html).toContain('hx-get="/spend/course?group_by=user&range=7d"');
    expect(textOf(html)).toContain("Show the course over time");
    const text = async (query: string) =>
      textOf((await at.get(`/spend/course?${query}`, token, PART)).html);
    expect(await text("group_by=user")).toMatch(/No user ann@example\.com .* \$2\.00 \$2\.00 $/);
    expect(await text("group_by=day")).toMatch(/ \$4\.00 $/);
    expect(await text("group_by=model&team=core")).toMatch(/ \$2\.00 \$2\.00 $/);
  });

  test("stands before what takes long, and says what went wrong there in its place", async () => {
    const page = await at.get("/spend?group_by=session&team=core", token);
    expect(page.html).toContain('hx-get="/spend/answer?group_by=session&team=core"');
    expect(page.html).toContain('<option value="session" selected');
    expect(textOf(page.html)).toContain("Show the figures");
    expect(textOf(page.html)).not.toContain("$4.00");
    const { html } = await at.get("/spend/answer?group_by=session&team=core", token, PART);
    expect(textOf(html)).toContain("session-1 $4.00 100%");
    // Hours of the last week have sums; older ones have none.
    expect(await read("group_by=hour&range=30d")).toContain("Show the figures");
    expect(await read("group_by=hour&range=7d")).toContain("Spend $4.00");
    const refused = await at.get("/spend/answer?group_by=session,nonsense", token, PART);
    expect(textOf(refused.html)).toContain("group_by");
  });

  test("says what the gateway refuses, with the question still there", async () => {
    const { status, html } = await at.get("/spend?group_by=nonsense&user=ann", token);
    expect(status).toBe(400);
    expect(textOf(html)).toContain("group_by");
    expect(html).toContain('value="ann"');
  });

  test("takes two dates, the second included", async () => {
    const today = new Date().toISOString().slice(0, 10);
    expect(await read(`from=${today}&to=${today}`)).toContain("Spend $4.00");
    expect(await read("from=2020-01-01&to=2020-01-02")).toContain("No requests match");
    // In either order; the first alone leads up to today.
    expect(await read(`from=${today}`)).toContain("Spend $4.00");
    expect(await read(`from=${today}&to=2020-01-01`)).toContain("Spend $4.00");
    expect(await read("from=2020-01-02&to=2020-01-01")).toContain("No requests match");
  });

  test("gives the rows as a file, all pages of them, and a refusal as a page", async () => {
    await fill(at, 1_200);
    const { headers, html } = await at.get("/spend.csv?team=core", token);
    expect(headers.get("content-disposition")).toBe('attachment; filename="spend.csv"');
    const lines = html.trimEnd().split("\r\n");
    expect(lines).toHaveLength(1_205);
    expect(lines.filter((line) => line.startsWith("id,"))).toHaveLength(1);
    const refused = await at.get("/spend.csv?nonsense=1", token);
    expect([refused.status, refused.headers.get("content-type")]).toEqual([
      400,
      "text/html; charset=utf-8",
    ]);
    expect((await at.get("/spend.csv", await at.signIn("auditor"))).status).toBe(403);
  });

  test("gives the sums of its table as a file", async () => {
    const { html } = await at.get("/spend?group_by=team&group_by=model", token);
    const link = /href="(\/spend\/groups\.csv[^"]*)"/.exec(html)?.[1] ?? "";
    const { headers, html: file } = await at.get(link.replaceAll("&amp;", "&"), token);
    expect(headers.get("content-disposition")).toBe('attachment; filename="spend-groups.csv"');
    const [head, first] = file.split("\r\n");
    expect(head).toStartWith("team,model,requests,");
    expect(first).toStartWith("core,");
    const refused = await at.get("/spend/groups.csv?group_by=nonsense", token);
    expect(refused.status).toBe(400);
    expect((await at.get("/spend/groups.csv", await at.signIn("auditor"))).status).toBe(403);
  });
});

test("series come the costliest first, and only steps of the range count", () => {
  const groups = [
    { day: "2026-11-01", name: "a", cost_usd: "1.000000000000" },
    { day: "2026-11-02", name: "b", cost_usd: "5.000000000000" },
    { day: "2026-12-01", name: "b", cost_usd: "9.000000000000" },
  ];
  expect(seriesOf(groups, ["2026-11-01", "2026-11-02"], ({ name }) => name)).toEqual([
    { name: "b", values: [0, 5] },
    { name: "a", values: [1, 0] },
  ]);
});

test("what is not named joins the others, and what rounding leaves is nothing", () => {
  const day = (cost: string) => [{ day: "2026-11-01", cost_usd: cost }];
  const named = [{ name: "a", groups: day("0.100000000000") }];
  expect(wholeSeries(day("0.300000000000"), named, ["2026-11-01"])).toMatchObject([
    { name: "a", values: [0.1] },
    { name: "All others", values: [expect.closeTo(0.2)] },
  ]);
  expect(wholeSeries(day("0.100000000001"), named, ["2026-11-01"])).toHaveLength(1);
});
