/** Live: the page, the rows that come to it, and that they end where they should. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../../worker/testing/until.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { expectHarmless, HOSTILE } from "../../testing/hostile.ts";
import { testPage } from "../../testing/page-tests.ts";
import { encodeMessage, EventReader } from "./events.ts";
import { rowsOf } from "./stream.tsx";

const CANARY = "canary-live-9d41";

async function askDemo(at: TestConsole, user: string): Promise<void> {
  const response = await at.gateway.post(
    "/v1/chat/completions",
    { model: "demo/demo", messages: [{ role: "user", content: CANARY }] },
    { "x-anyray-metadata": JSON.stringify({ user }) },
  );
  await response.text();
}

testPage({
  path: "/live",
  area: "traces",
  title: "Live",
  empty: "No request yet",
  async fill(at) {
    await askDemo(at, "ann@example.com");
    return { shows: "ann@example.com" };
  },
});
testPage({
  path: "/live?paused=1",
  area: "traces",
  title: "Live",
  empty: "Paused: the newest requests when the page was made.",
  async fill(at) {
    await askDemo(at, "ann@example.com");
    return { shows: "Go on" };
  },
});

describe("the stream of rows", () => {
  let at: TestConsole;
  let token: string;
  beforeAll(async () => {
    at = await startConsole();
    token = await at.signIn("auditor");
  });
  afterAll(() => at.stop());

  const listen = async (path: string, headers: Record<string, string> = {}) => {
    const response = await at.open(path, token, headers);
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error("there must be a body");
    let heard = "";
    const decoder = new TextDecoder();
    const ended = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard += decoder.decode(value);
      }
    })();
    return {
      response,
      ended,
      waitFor: (text: string) => until(async () => (heard.includes(text) ? heard : null)),
      leave: () => reader.cancel(),
    };
  };
  const followers = () => at.gateway.gateway.deps.liveFeed.followers;

  test("brings a row to the page that stands, beginning behind its newest", async () => {
    await askDemo(at, "ann");
    const { html } = await at.get("/live", token);
    await askDemo(at, "bo");
    const [, path = ""] = /hx-sse:connect="([^"]+)"/.exec(html) ?? [];
    const live = await listen(path);
    expect(live.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(live.response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await live.waitFor("<span>bo</span>")).not.toContain("<span>ann</span>");
    await askDemo(at, "carla");
    const heard = await live.waitFor("<span>carla</span>");
    expect(heard).toMatch(
      /^data: <tr class="fresh"><td class=""><a class="when" href="\/traces\/[0-9a-f]{32}">/m,
    );
    expect(heard).not.toContain(CANARY);
    const [id = ""] = /(?<=^id: )\S+(?!.*\nid: )/ms.exec(heard) ?? [];
    await live.leave();
    await until(async () => (followers() === 0 ? true : null));
    // A browser that comes back says what it saw last.
    await askDemo(at, "dmitri");
    const back = await listen(path, { "last-event-id": id });
    const again = await back.waitFor("<span>dmitri</span>");
    expect(again).not.toContain("<span>bo</span>");
    await back.leave();
  });

  test("is for those who may see traces, and leads strangers to the sign-in", async () => {
    const viewer = await at.signIn("viewer");
    expect((await at.get("/live/stream", viewer)).status).toBe(403);
    const stranger = await at.get("/live/stream", null, { "hx-request": "true" });
    expect([stranger.status, stranger.headers.get("hx-redirect")]).toEqual([
      401,
      "/sign-in?to=%2Flive%2Fstream",
    ]);
    expect((await at.get("/live/stream?after=x", token)).status).toBe(400);
    expect(followers()).toBe(0);
  });

  test("ends with the sign-in", async () => {
    const live = await listen("/live/stream");
    await at.gateway.fetch("/admin/session", {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}` },
    });
    await askDemo(at, "eun-ji");
    await live.ended;
    expect(followers()).toBe(0);
    token = await at.signIn("auditor");
  });
});

describe("events", () => {
  const record = {
    trace_id: "0".repeat(32),
    time: "2026-11-24T10:00:00.000Z",
    user: "ann",
    team: null,
    provider: "demo",
    model_served: null,
    model_requested: "m",
    attempt: 1,
    status: 200,
    outcome: "ok",
    stream: false,
    input_tokens: 1,
    output_tokens: 2,
    cost_usd: null,
    latency_ms: 5,
    ttfb_ms: null,
  };
  const event = (changes: object, id = "7", name = "") => ({
    id,
    name,
    data: JSON.stringify({ ...record, ...changes }),
  });

  test("are the same, however they are cut", () => {
    const text = 'retry: 2000\n\nid: 1\ndata: {"a":1}\n\n:\n\nevent: missed\ndata: {"rows":3}\n\n';
    const whole = new EventReader().push(text);
    expect(whole).toEqual([
      { id: "1", name: "", data: '{"a":1}' },
      { id: "", name: "missed", data: '{"rows":3}' },
    ]);
    for (let at = 0; at <= text.length; at++) {
      const reader = new EventReader();
      expect([...reader.push(text.slice(0, at)), ...reader.push(text.slice(at))]).toEqual([
        ...whole,
      ]);
    }
    expect(() => new EventReader().push("x".repeat(2 ** 20 + 1))).toThrow();
    expect(encodeMessage("", "a\nb")).toBe("data: a\ndata: b\n\n");
  });

  test("become rows, newest first; an attempt that another one follows is none; what is too much is counted", async () => {
    const rows = Array.from({ length: 33 }, (_, n) => event({ user: `user-${n}` }, String(n)));
    const html = await rowsOf(
      [
        event({ rows: 4 }, "", "missed"),
        ...rows,
        event({ status: null, outcome: "timeout" }, "33"),
      ],
      "UTC",
    );
    expect(html).toStartWith('id: 33\ndata: <tr class="fresh">');
    expect(html.indexOf("user-32<")).toBeLessThan(html.indexOf("user-3<"));
    expect(html).not.toContain("user-2<");
    expect(html).toContain("7 more requests, too many to show");
    expect(await rowsOf([event({ status: null, outcome: "timeout" })], "UTC")).toBe("");
    expect(await rowsOf([event({ status: null, outcome: "crashed" })], "UTC")).toContain("crashed");
  });

  test("are text, whatever they say", async () => {
    const hostile = { user: HOSTILE, model_served: HOSTILE, trace_id: HOSTILE, outcome: HOSTILE };
    const html = await rowsOf([event(hostile)], "UTC");
    expect(html).toContain("&lt;hostile");
    await expectHarmless(`<table>${html}</table>`);
  });
});
