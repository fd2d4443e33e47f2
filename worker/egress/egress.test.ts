/** The door: what it lets through, what it sends, and what it counts. */
import { afterEach, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import process from "node:process";
import { createEgress, type Egress, type EgressOptions } from "../egress.ts";
import { startUpstream, type Handler, type Upstream } from "../testing/upstream.ts";
import { egressTo as createRig, exchange, send, until } from "./rig.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function rig(
  handler: Handler,
  options: Partial<EgressOptions> = {},
): Promise<{ upstream: Upstream; egress: Egress }> {
  const upstream = await startUpstream(handler);
  const egress = createRig(upstream.url, options);
  open.push(
    () => upstream.stop(),
    () => egress.close(),
  );
  return { upstream, egress };
}

describe("the way out", () => {
  test("refuses what nobody configured, and counts it", async () => {
    const { egress } = await rig((_, reply) => reply.json(200, {}));
    for (const destination of ["other", "", "__proto__"]) {
      const sent = egress.send({
        destination,
        method: "GET",
        pathAndQuery: "/",
        headers: [],
        body: [],
      });
      await expect(sent.answer).rejects.toThrow("upstream refused");
    }
    expect(egress.refusedElsewhere()).toBe(3);
    expect(egress.report()[0]).toMatchObject({ requests: 0, refused: 0 });
  });

  test("lets through what is a destination now; what went elsewhere stays accounted for", async () => {
    let finish = (): void => undefined;
    const { egress, upstream } = await rig((request, reply) => {
      if (!request.path.includes("slow")) return reply.json(200, {});
      finish = () => reply.json(200, { slow: true });
    });
    const other = await startUpstream((_, reply) => reply.json(200, {}));
    open.push(() => other.stop());
    const to = (origin: string) => [{ name: "up", origin, reason: "test", allowPrivate: true }];
    await exchange(egress);
    expect(egress.report()[0]).toMatchObject({ idleConnections: 1, isAllowed: true });
    const under = exchange(egress, { pathAndQuery: "/slow" });
    await until(() => upstream.requests.length === 2);

    egress.setDestinations(to(other.url));
    await exchange(egress);
    expect(other.requests).toHaveLength(1);
    // A sender who means the former place gets nowhere, and certainly not to the new one.
    const stale = egress.send({
      destination: "up",
      origin: upstream.url,
      method: "GET",
      pathAndQuery: "/",
      headers: [["authorization", "Bearer of the former place"]],
      body: [],
    });
    await expect(stale.answer).rejects.toThrow("upstream refused");
    finish();
    expect(await under).toMatchObject({ text: '{"slow":true}' });
    egress.setDestinations([]);
    expect(await exchange(egress)).toBe("refused");
    expect(other.requests).toHaveLength(1);
    expect(await until(() => egress.report().every((each) => each.openConnections === 0))).toBe(
      true,
    );
    expect(
      egress.report().map(({ origin, isAllowed, requests }) => [origin, isAllowed, requests]),
    ).toEqual([
      [upstream.url, false, 2],
      [other.url, false, 1],
    ]);
    egress.setDestinations(to(upstream.url));
    await exchange(egress);
    expect(egress.report()[0]).toMatchObject({ isAllowed: true, requests: 3, idleConnections: 1 });
  });

  test("sends what was asked for, to whom it was asked for", async () => {
    const { egress, upstream } = await rig((_, reply) => reply.json(200, {}));
    await exchange(egress, {
      headers: [["x-a", "b"]],
      body: [Buffer.from("{}"), Buffer.from(" ")],
    });
    const [request] = upstream.requests;
    expect(request).toMatchObject({ method: "POST", path: "/v1/x?y=1" });
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      "x-a": "b",
      "content-length": "3",
      connection: "keep-alive",
    });
    expect(Buffer.from(request?.body ?? []).toString()).toBe("{} ");
  });

  test("counts an unfit request as refused, and sends none of it", async () => {
    const { egress, upstream } = await rig((_, reply) => reply.json(200, {}));
    expect(await exchange(egress, { headers: [["x-a", "b\r\nc: d"]] })).toBe("refused");
    expect(await exchange(egress, { pathAndQuery: "//evil.example\r\n" })).toBe("refused");
    expect(egress.report()[0]).toMatchObject({ refused: 2, requests: 0, bytesSent: 0 });
    expect(upstream.requests).toHaveLength(0);
  });

  test("sends large bodies whole and counts every byte, both ways", async () => {
    const size = 5_000_000;
    const { egress } = await rig((request, reply) => {
      const isWhole = Buffer.from(request.body).equals(Buffer.alloc(size, "xyz"));
      reply.json(200, { isWhole });
    });
    const told = await exchange(egress, { body: [Buffer.alloc(size, "xyz")] });
    expect(told).toMatchObject({ text: JSON.stringify({ isWhole: true }) });
    const { bytesReceived = 0, bytesSent = 0 } = egress.report()[0] ?? {};
    expect(bytesSent).toBeGreaterThan(size);
    expect(bytesSent).toBeLessThan(size + 200);
    expect(bytesReceived).toBeGreaterThan(40);
    expect(bytesReceived).toBeLessThan(200);
  });

  test("counts nothing as sent that found no connection", async () => {
    const egress = createRig("http://127.0.0.1:1");
    open.push(() => egress.close());
    expect(await exchange(egress)).toBe("unreachable");
    expect(egress.report()[0]).toMatchObject({ requests: 1, bytesSent: 0, openConnections: 0 });
  });

  test("follows no redirect: it is an answer like any other", async () => {
    const { egress, upstream } = await rig((_, reply) =>
      reply.send(307, { location: "http://169.254.169.254/" }, "moved"),
    );
    expect(await exchange(egress)).toMatchObject({ status: 307, text: "moved" });
    expect(upstream.requests).toHaveLength(1);
  });

  test("sends nothing twice by itself", async () => {
    const { egress, upstream } = await rig((_, reply) => reply.json(200, {}));
    await exchange(egress);
    upstream.handle((_, reply) => reply.reset());
    expect(await exchange(egress)).toBe("closed (retryable)");
    expect(upstream.requests).toHaveLength(2);
  });

  test("asks no proxy, whatever the environment says", async () => {
    const { egress } = await rig((_, reply) => reply.json(200, { ok: true }));
    const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = "http://127.0.0.1:1";
    try {
      expect(await exchange(egress)).toMatchObject({ status: 200 });
    } finally {
      names.forEach((name, i) => {
        const value = before[i];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
    }
  });

  test("says of a failure what kind it is, and nothing about anybody", async () => {
    const egress = createRig("http://secret.example", { resolve: async () => [] });
    open.push(() => egress.close());
    const error = await send(egress, { pathAndQuery: "/secret" }).answer.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toBe("EgressError: upstream unresolvable");
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  test("keeps destinations apart", async () => {
    const one = await startUpstream((_, reply) => reply.json(200, 1));
    const two = await startUpstream((_, reply) => reply.json(200, 2));
    const egress = createEgress({
      destinations: [
        { name: "one", origin: one.url, reason: "first", allowPrivate: true },
        { name: "two", origin: two.url, reason: "second", allowPrivate: true },
      ],
      connectMs: 1_000,
      firstByteMs: 1_000,
      now: () => performance.now(),
    });
    open.push(
      () => one.stop(),
      () => two.stop(),
      () => egress.close(),
    );
    const ask = (destination: string) =>
      egress.send({ destination, method: "GET", pathAndQuery: "/", headers: [], body: [] }).answer;
    expect((await ask("two")).status).toBe(200);
    expect(two.requests).toHaveLength(1);
    expect(egress.report().map((each) => [each.destination, each.reason, each.requests])).toEqual([
      ["one", "first", 0],
      ["two", "second", 1],
    ]);
  });
});
