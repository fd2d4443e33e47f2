/** `GET /admin/live` through the front door: rows as they are committed, for those who may see traces, and for as long as they may. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startGateway, type TestGateway } from "../gateway.ts";
import { startGateway as startProcess, temporaryDirectory } from "../gateway-process.ts";
import { until } from "../until.ts";
import { adminOf } from "./rig.ts";

const CANARY = "canary-live-51c2";

let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await startGateway();
  admin = adminOf(gateway);
});
afterAll(() => gateway.stop());

const ask = async (user: string): Promise<void> => {
  const response = await gateway.post(
    "/v1/chat/completions",
    { model: "demo/demo", messages: [{ role: "user", content: CANARY }] },
    { "x-anyray-metadata": JSON.stringify({ user }) },
  );
  await response.text();
};

interface Listening {
  readonly response: Response;
  /** Waits until a text has come. */
  waitFor(text: string): Promise<string>;
  /** Resolves when the gateway ended it. */
  readonly ended: Promise<void>;
  leave(): Promise<void>;
}

async function listen(
  token: string = gateway.adminToken,
  query = "",
  headers: Record<string, string> = {},
): Promise<Listening> {
  const response = await gateway.fetch(`/admin/live${query}`, {
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("there must be a body");
  const decoder = new TextDecoder();
  let heard = "";
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
    waitFor: (text) => until(async () => (heard.includes(text) ? heard : null)),
    leave: () => reader.cancel(),
  };
}

describe("GET /admin/live", () => {
  test("tells of each row once it is committed, by its id, and of nothing that was said", async () => {
    const live = await listen();
    expect(live.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    await live.waitFor("retry: ");
    await ask("ann");
    const heard = await live.waitFor('"user":"ann"');
    const [, id, json] = /^id: (\S+)\ndata: (.*)$/m.exec(heard) ?? [];
    const row = JSON.parse(json ?? "");
    expect(row).toMatchObject({ id, user: "ann", outcome: "ok", model_served: "demo" });
    expect((await gateway.rows()).at(-1)?.id).toBe(row.id);
    expect(heard).not.toContain(CANARY);
    await live.leave();
  });

  test("begins, for who comes back, with what came meanwhile, each row once", async () => {
    const before = (await gateway.rows()).at(-1)?.id ?? "";
    await ask("bo");
    await ask("carla");
    for (const live of [
      await listen(undefined, `?after=${before}`),
      // A browser's own word counts before the address'.
      await listen(undefined, "?after=00000000-0000-0000-0000-000000000000", {
        "last-event-id": before,
      }),
    ]) {
      const heard = await live.waitFor('"user":"carla"');
      expect(heard.indexOf('"user":"bo"')).toBeLessThan(heard.indexOf('"user":"carla"'));
      expect([...heard.matchAll(/^data: /gm)]).toHaveLength(2);
      await live.leave();
    }
    expect((await admin("GET", "/admin/live?after=yesterday")).status).toBe(400);
    expect((await admin("GET", "/admin/live?since=1")).status).toBe(400);
  });

  test("is for those who may see traces", async () => {
    expect((await admin("GET", "/admin/live", undefined, null)).status).toBe(401);
    const viewer = { name: "v@example.com", role: "viewer", password: "correct-horse-battery" };
    await admin("POST", "/admin/accounts", viewer);
    const { name, password } = viewer;
    const session = await admin("POST", "/admin/session", { name, password }, null);
    const refused = await admin("GET", "/admin/live", undefined, session.body.token);
    expect(refused.status).toBe(403);
    expect(gateway.gateway.deps.liveFeed.followers).toBe(0);
  });

  test("ends with the sign-in, before another row is told", async () => {
    const { token } = (await admin("POST", "/admin/session", {})).body;
    const live = await listen(token);
    await ask("dmitri");
    await live.waitFor('"user":"dmitri"');
    await admin("DELETE", "/admin/session", undefined, token);
    await ask("eun-ji");
    await live.ended;
    expect(await live.waitFor("dmitri")).not.toContain("eun-ji");
    expect(gateway.gateway.deps.liveFeed.followers).toBe(0);
  });

  test("keeps nothing for who has left, and takes no more than it can", async () => {
    const { liveFeed } = gateway.gateway.deps;
    const live = await listen();
    await live.waitFor("retry: ");
    expect(liveFeed.followers).toBe(1);
    await live.leave();
    await until(async () => (liveFeed.followers === 0 ? true : null));
    const followers = Array.from({ length: 32 }, () => liveFeed.follow());
    const refused = await admin("GET", "/admin/live");
    expect([refused.status, refused.body.error.code]).toEqual([429, "rate_limited"]);
    for (const follower of followers) follower?.close();
    const next = await listen();
    await next.leave();
  });

  test("frees the place of who hung up, over real sockets", async () => {
    const directory = temporaryDirectory();
    const process = await startProcess({
      dataDir: directory.path,
      providers: { demo: { kind: "demo" } },
    });
    const held: Response[] = [];
    const open = async (leaving: AbortSignal) => {
      const response = await fetch(`${process.url}/admin/live`, {
        headers: { authorization: `Bearer ${process.adminToken}` },
        signal: leaving,
      });
      // What nobody holds is closed sooner or later.
      held.push(response);
      return response.status;
    };
    try {
      for (let round = 0; round < 3; round++) {
        const leaving = await until(async () => {
          const all = new AbortController();
          const found = await Promise.all(Array.from({ length: 32 }, () => open(all.signal)));
          if (found.every((status) => status === 200)) return all;
          // Some of the round before had not been missed yet: whoever got in leaves, too.
          all.abort();
          return null;
        });
        expect(await open(leaving.signal)).toBe(429);
        leaving.abort();
      }
    } finally {
      await process.stop();
      directory.remove();
    }
  }, 60_000);

  test("ends when the gateway does", async () => {
    const other = await startGateway();
    const response = await other.fetch("/admin/live", {
      headers: { authorization: `Bearer ${other.adminToken}` },
    });
    const text = response.text();
    await other.stop();
    expect(await text).toContain("retry: ");
  });
});
