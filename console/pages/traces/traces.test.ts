/** Traces: the search, one of them, and that no content stands in either. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeRow } from "../../../db/contract/rows.ts";
import { createIdSource } from "../../../worker/ids.ts";
import { putSpoiltPart } from "../../../worker/testing/sealed-content.ts";
import { until } from "../../../worker/testing/until.ts";
import { PART, startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { barsOf } from "./bars.ts";
import { parseTraceId } from "./query.ts";

const CANARY = "canary-7f3a-please-summarise";

/** Its trace's id. */
async function askDemo(at: TestConsole, metadata: object = { user: "ann@example.com" }) {
  const response = await at.gateway.post(
    "/v1/chat/completions",
    { model: "demo/demo", messages: [{ role: "user", content: CANARY }] },
    { "x-anyray-metadata": JSON.stringify(metadata) },
  );
  await response.text();
  return response.headers.get("x-anyray-trace-id") ?? "";
}

testPage({
  path: "/traces",
  area: "traces",
  title: "Traces",
  empty: "No requests in the last 24 hours",
  async fill(at) {
    await askDemo(at);
    return { shows: "ann@example.com" };
  },
});
testPage({
  path: "/traces/0",
  area: "traces",
  title: "chat demo/demo",
  async fill(at) {
    return { shows: "Attempt 1", path: `/traces/${await askDemo(at)}` };
  },
});

describe("the search", () => {
  let at: TestConsole;
  let token: string;
  beforeAll(async () => {
    at = await startConsole();
    token = await at.signIn("auditor");
    const nowMs = Date.now();
    const ids = createIdSource(() => nowMs, null);
    for (let n = 0; n < 120; n++) {
      await at.gateway.store.ledger.append(
        makeRow({
          id: ids.rowId(),
          traceId: ids.traceId(),
          timeMs: nowMs,
          user: n % 2 === 0 ? "ann" : null,
          outcome: n % 10 === 0 ? "timeout" : "ok",
          latencyMs: n * 10,
          session: `s-${n % 3}`,
        }),
      );
    }
  });
  afterAll(() => at.stop());
  const found = async (query: string) => {
    const { html, status } = await at.get(`/traces?${query}`, token);
    return { status, html, rows: [...html.matchAll(/href="\/traces\/[0-9a-f]{32}"/g)].length };
  };

  test("pages by keyset: every request once, and back to the newest", async () => {
    const seen = new Set<string>();
    let path: string | null = "/traces?session=s-1";
    let pages = 0;
    for (; path !== null; pages++) {
      const { html } = await at.get(path.replaceAll("&amp;", "&"), token);
      for (const [, id] of html.matchAll(/href="\/traces\/([0-9a-f]{32})"/g)) seen.add(id ?? "");
      path = /href="([^"]+)" rel="next"/.exec(html)?.[1] ?? null;
      if (path !== null) expect(path).toContain("session=s-1");
      if (pages === 1) expect(textOf(html)).not.toContain("Next");
    }
    expect([seen.size, pages]).toEqual([40, 1]);
    const all = await found("");
    expect(all.rows).toBe(50);
    const next = /href="([^"]+)" rel="next"/.exec(all.html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const second = await at.get(next, token);
    expect(textOf(second.html)).toContain("Newest");
    expect(second.html).toContain('href="/traces"');
  });

  test("filters by what the form offers; an empty field asks for nothing, none for those without", async () => {
    expect((await found("outcome=timeout&user=")).rows).toBe(12);
    expect((await found("user=none")).rows).toBe(50);
    expect((await found("user=none&outcome=timeout")).rows).toBe(0);
    expect((await found("min_latency_ms=1100&team=")).rows).toBe(10);
    const chips = textOf((await found("user=ann&min_latency_ms=1100")).html);
    expect(chips).toContain("Take off: User: ann");
    expect(chips).toContain("Took at least (ms): 1100");
  });

  test("says what is wrong with a question, beside the form with what was typed", async () => {
    for (const [query, text] of [
      ["min_cost_usd=cheap", "It is an amount in dollars"],
      ["min_latency_ms=-1", "whole number of milliseconds"],
      ["status=ok", "status"],
      ["cursor=x", "next_cursor"],
      ["id=xyz", "32 hex digits"],
    ] as const) {
      const { status, html } = await found(query);
      expect([query, status, textOf(html).includes(text)]).toEqual([query, 400, true]);
    }
    expect((await found("min_cost_usd=cheap")).html).toContain('value="cheap"');
  });

  test("of a long range comes after the page, or with it for who has no scripts", async () => {
    const path = "/traces?range=30d&user=ann";
    const { html } = await at.get(path, token);
    const part = /hx-get="([^"]+)"/.exec(html)?.[1] ?? "";
    expect(html).not.toContain("<table");
    const piece = await at.get(part, token, PART);
    expect([...piece.html.matchAll(/href="\/traces\/[0-9a-f]{32}"/g)]).toHaveLength(50);
    expect(piece.html).not.toContain("<h1");
    expect(piece.html).not.toContain("part=found");
    expect((await at.get(`${part}&status=ok`, token)).html).toContain('role="alert"');
    const link = /href="([^"]+)"[^>]*>Show what was found/.exec(html)?.[1] ?? "";
    expect((await at.get(link, token)).html).toContain("<table");
    // Without a filter the newest rows are the answer.
    expect((await at.get("/traces?range=30d", token)).html).toContain("<table");
  });

  test("leads from an id to its trace", async () => {
    const id = "0".repeat(31) + "1";
    for (const text of [id, `req_${id}`, ` ${id.toUpperCase()} `]) {
      const { status, headers } = await at.get(`/traces?id=${encodeURIComponent(text)}`, token);
      expect([status, headers.get("location")]).toEqual([303, `/traces/${id}`]);
    }
    expect(parseTraceId("../etc")).toBeNull();
    expect((await at.get(`/traces/${id}`, token)).status).toBe(404);
    expect((await at.get("/traces/..%2F..", token)).status).toBe(400);
  });
});

describe("one trace", () => {
  let at: TestConsole;
  let id: string;
  let html: string;
  beforeAll(async () => {
    at = await startConsole({ env: { ANYRAY_CONTENT_MODE: "encrypted" } });
    id = await askDemo(at, { user: "ann@example.com", session: "s-1" });
    const owner = await at.signIn();
    await until(async () => {
      html = (await at.get(`/traces/${id}`, owner)).html;
      return html.includes("Ciphertext begins") ? html : null;
    });
  });
  afterAll(() => at.stop());

  test("tells what is known of its content without a key, and how it is opened offline", () => {
    const text = textOf(html);
    for (const fact of ["Size, sealed", "Key id", "Envelope version 1", "Subject handle"]) {
      expect([fact, text.includes(fact)]).toEqual([fact, true]);
    }
    expect(text).toMatch(/Ciphertext begins (?:[0-9a-f]{2} ){16}…/);
    expect(text).toContain(`bun run anyray decrypt DATA_DIR --trace ${id} --reason TICKET`);
    expect(html).toContain('data-copy="decrypt"');
  });

  test("holds nothing of what was said", async () => {
    expect(html).not.toContain(CANARY);
    // The whole envelope is not there either: of the ciphertext no more than its first 16 bytes.
    expect(html).not.toContain("anyray.content.input");
    expect(html.match(/(?:[0-9a-f]{2} ){17,}/)).toBeNull();
  });

  test("says of a part that the disk has spoilt that it is damaged", async () => {
    const traceId = await putSpoiltPart(at.gateway.dataDir);
    const text = textOf((await at.get(`/traces/${traceId}`, await at.signIn())).html);
    expect(text).toContain("What was asked damaged");
  });

  test("leads to its user for those who see spend, and to its session for all who see it", async () => {
    expect(html).toContain('href="/users/ann%40example.com"');
    const auditor = await at.get(`/traces/${id}`, await at.signIn("auditor"));
    expect(auditor.html).not.toContain('href="/users/');
    expect(auditor.html).toMatch(/href="\/sessions\/s-1\?from=[\d-]+&to=[\d-]+"/);
  });
});

describe("the waterfall", () => {
  const at = (ms: number) => new Date(Date.UTC(2026, 10, 1) + ms).toISOString();
  const span = (kind: string, endMs: number, attributes: Record<string, unknown>) => ({
    span_id: `${endMs}`,
    parent_span_id: null,
    name: "chat m",
    kind,
    start: at(0),
    end: at(endMs),
    is_error: attributes["anyray.outcome"] !== "ok",
    attributes,
  });

  test("puts an attempt behind the one before it, and splits it at its first byte", () => {
    const bars = barsOf([
      span("server", 3_000, { "anyray.outcome": "ok" }),
      span("client", 900, {
        "anyray.attempt": 1,
        "anyray.provider": "one",
        "anyray.upstream_status": 503,
        "anyray.outcome": "upstream_error",
      }),
      span("client", 3_000, {
        "anyray.attempt": 2,
        "anyray.provider": "two",
        "anyray.outcome": "ok",
        "anyray.ttfb_ms": 1_400,
      }),
    ]);
    expect(bars.map((bar) => [bar.label, bar.depth, bar.startMs, bar.durationMs])).toEqual([
      ["Request", 0, 0, 3_000],
      ["Attempt 1", 1, 0, 900],
      ["Attempt 2", 1, 900, 2_100],
      ["until the first byte", 2, 900, 500],
      ["the answer", 2, 1_400, 1_600],
    ]);
    expect(bars[1]).toMatchObject({ tone: "bad", note: "one · 503 · upstream error" });
    expect(barsOf([])).toEqual([]);
  });
});
