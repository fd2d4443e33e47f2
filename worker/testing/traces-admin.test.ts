/** Traces and sessions by the admin API, on one machine alone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeRow } from "../../db/contract/rows.ts";
import { providersAt, startGateway, type TestGateway } from "./gateway.ts";
import { putSpoiltPart, waitForContent } from "./sealed-content.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

let gateway: TestGateway;
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream((request, reply) => {
    const asked = new TextDecoder().decode(request.body);
    if (asked.includes("please fail")) return reply.json(500, { error: { message: "no" } });
    reply.json(200, {
      id: "c",
      model: "gpt-4o-mini",
      choices: [
        { index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 },
    });
  });
  gateway = await startGateway({
    ANYRAY_PROVIDERS: providersAt(upstream.url, { price_id: "openai" }),
    ANYRAY_CONTENT_MODE: "encrypted",
  });
  const ask = async (user: string, session: string, content: string, model = "m") =>
    (
      await gateway.post(
        "/v1/chat/completions",
        { model, messages: [{ role: "user", content }] },
        { "x-anyray-metadata": JSON.stringify({ user, session }) },
      )
    ).text();
  for (let n = 0; n < 5; n++) await ask("ann", "s-1", "a secret question");
  await ask("bob", "s-2", "please fail");
  await ask("bob", "s-2", "refused", "unheard-of");
  await waitForContent(gateway.dataDir, 13);
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

async function get(path: string) {
  const response = await gateway.fetch(path, {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  });
  return { status: response.status, body: await response.json() };
}

describe("GET /admin/traces", () => {
  test("lists requests, newest first, and page by page", async () => {
    const { body } = await get("/admin/traces");
    expect(body.traces).toHaveLength(7);
    expect(body.traces[0]).toMatchObject({ user: "bob", outcome: "refused", attempts: 0 });
    expect(body.next_cursor).toBeNull();
    const seen: string[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null && pages < 9; pages++) {
      const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = (await get(`/admin/traces?limit=2${more}`)).body;
      seen.push(...page.traces.map((each: { trace_id: string }) => each.trace_id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(body.traces.map((each: { trace_id: string }) => each.trace_id));
  });

  test("filters by who, what, how it ended, how long it took and what it cost", async () => {
    const count = async (query: string) => (await get(`/admin/traces?${query}`)).body.traces.length;
    expect(await count("user=ann")).toBe(5);
    expect(await count("session=s-2")).toBe(2);
    expect(await count("outcome=upstream_error")).toBe(1);
    expect(await count("status=500")).toBe(1);
    expect(await count("provider=mock&user=bob")).toBe(1);
    expect(await count("model=gpt-4o-mini")).toBe(5);
    expect(await count("min_latency_ms=60000")).toBe(0);
    expect(await count("min_cost_usd=0.000001")).toBe(5);
    expect(await count("min_cost_usd=1000")).toBe(0);
    expect(await count("to=2020-01-01")).toBe(0);
  });

  test("names what is wrong with a query", async () => {
    for (const [query, named] of [
      ["nonsense=1", "Known parameters"],
      ["min_cost_usd=cheap", "min_cost_usd"],
      ["min_latency_ms=-1", "min_latency_ms"],
      ["status=ok", "status"],
      ["cursor=x", "cursor"],
      ["limit=0", "limit"],
    ]) {
      const { status, body } = await get(`/admin/traces?${query}`);
      expect([query, status, body.error.message.includes(named)]).toEqual([query, 400, true]);
    }
    expect((await gateway.fetch("/admin/traces")).status).toBe(401);
  });
});

test("a trace older than is kept is not shown, though the ledger has its row", async () => {
  const day = 86_400_000;
  const old = makeRow({ timeMs: Date.now() - 91 * day });
  const young = makeRow({ timeMs: Date.now() - 89 * day });
  for (const row of [old, young]) await gateway.store.ledger.append(row);
  const listed = await get(`/admin/traces?from=2020-01-01&session=${old.session}`);
  expect(listed.body.traces).toHaveLength(1);
  expect((await get(`/admin/traces/${young.traceId}`)).status).toBe(200);
  expect((await get(`/admin/traces/${old.traceId}`)).status).toBe(404);
  const { body } = await get("/admin/sessions?from=2020-01-01");
  const session = body.sessions.find((each: { session: string }) => each.session === old.session);
  expect(session.requests).toBe(1);
  const records = await get(`/admin/spend/records?from=2020-01-01&session=${old.session}`);
  expect(records.body.records).toHaveLength(2);
});

describe("GET /admin/traces/{id}", () => {
  test("shows spans, what is known of the content, and how an auditor opens it; never content", async () => {
    const { body: list } = await get("/admin/traces?user=ann&limit=1");
    const id = list.traces[0].trace_id;
    const { body } = await get(`/admin/traces/${id}`);
    expect(body.spans.map((span: { kind: string }) => span.kind)).toEqual(["server", "client"]);
    expect(body.spans[1].parent_span_id).toBe(body.spans[0].span_id);
    expect(body.spans[1].attributes["gen_ai.usage.input_tokens"]).toBe(1_000);
    expect(body.content).toHaveLength(2);
    expect(body.content[0]).toMatchObject({ field: "input", mode: "encrypted", state: "inline" });
    expect(body.content[0].ciphertext).toMatch(/^[0-9a-f]{32}$/);
    expect(body.decrypt).toContain(`--trace ${id}`);
    expect(JSON.stringify(body)).not.toContain("anyray.content.input");
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  test("names the caller's span as a link, whatever its sampled flag says, and no word of a bad one", async () => {
    const [callers, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    const callerOf = async (traceparent: string) => {
      const response = await gateway.post(
        "/v1/chat/completions",
        { model: "m", messages: [] },
        {
          traceparent,
          tracestate: "vendor=prose",
          baggage: "user=ann",
          "x-anyray-metadata": '{"session":"s-2"}',
        },
      );
      await response.text();
      const id = response.headers.get("x-anyray-trace-id");
      expect(id).not.toBe(callers);
      return (await get(`/admin/traces/${id}`)).body.caller;
    };
    const link = { trace_id: callers, span_id: span, use: "link" };
    expect(await callerOf(`00-${callers}-${span}-00`)).toEqual(link);
    expect(await callerOf("a sentence instead")).toBeNull();
  });

  test("says of a stored part that is no envelope that it is unreadable", async () => {
    const traceId = await putSpoiltPart(gateway.dataDir);
    const { status, body } = await get(`/admin/traces/${traceId}`);
    expect(status).toBe(200);
    expect(body.content[0]).toMatchObject({ reason: "unreadable", bytes: 2, ciphertext: null });
  });

  test("a refused request is a trace of one span; an unknown one is 404, and prose is 400", async () => {
    const { body: list } = await get("/admin/traces?outcome=refused");
    const { body } = await get(`/admin/traces/${list.traces[0].trace_id}`);
    expect(body.spans).toHaveLength(1);
    expect((await get(`/admin/traces/${"0".repeat(32)}`)).status).toBe(404);
    expect((await get("/admin/traces/not-an-id")).status).toBe(400);
  });
});

describe("GET /admin/sessions", () => {
  test("lists sessions with what they spent, the newest first", async () => {
    const { body } = await get("/admin/sessions");
    expect(body.next_cursor).toBeNull();
    expect(Date.parse(body.sessions[0].last_at)).toBeGreaterThan(
      Date.parse(body.sessions[1].last_at),
    );
    const sessions = body.sessions.map((each: { session: string; requests: number }) => [
      each.session,
      each.requests,
    ]);
    expect(sessions[0][0]).toBe("s-2");
    expect(sessions.map(([name]: [string]) => name).sort()).toEqual(["s-1", "s-2"]);
  });
});
