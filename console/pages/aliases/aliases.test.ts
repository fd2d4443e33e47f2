/** Routes: aliases, and the order of providers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const setAlias = (at: TestConsole) =>
  adminAsk(at, "PUT", "/routes", { aliases: { fast: "demo/demo" } });

testPage({
  path: "/routes",
  area: "providers",
  title: "Routes",
  empty: "No aliases",
  async fill(at) {
    await setAlias(at);
    return { shows: "fast demo/demo here" };
  },
});
testPage({
  path: "/routes/aliases/fast/remove",
  area: "providers",
  title: "Remove the alias fast?",
  async fill(at) {
    await setAlias(at);
    return { shows: "It leads to demo/demo." };
  },
});

describe("routes", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    // One that is there for want of another goes when another comes.
    at = await startConsole({ env: { ANYRAY_PROVIDERS: '{"demo":{"kind":"demo"}}' } });
    owner = await at.signIn();
    await adminAsk(at, "POST", "/providers", {
      id: "acme",
      kind: "openai-compatible",
      base_url: "https://api.acme.example/v1",
      models: ["large"],
    });
  });
  afterAll(() => at.stop());

  const read = () => adminAsk(at, "GET", "/routes");
  const version = async () => String((await read()).version);

  test("take an alias, give it another target, and lose it after a question", async () => {
    const fields = { version: await version(), alias: "best", target: "acme/large" };
    const done = await at.post("/routes/aliases", fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/routes"]);
    expect(saidIn(done.headers)).toContain("best leads to acme/large from now on.");
    const late = await at.post("/routes/aliases", { ...fields, target: "demo/demo" }, owner);
    expect([late.status, textOf(late.html).includes("Someone else changed it")]).toEqual([
      400,
      true,
    ]);
    const again = { ...fields, version: await version(), target: "demo/demo" };
    expect((await at.post("/routes/aliases", again, owner)).status).toBe(303);
    expect((await read()).aliases).toEqual({ best: "demo/demo" });
    const page = "/routes/aliases/best/remove";
    expect((await at.post(page, {}, await at.signIn("viewer"))).status).toBe(403);
    const gone = await at.post(page, { version: await version() }, owner);
    expect([gone.status, saidIn(gone.headers).includes("is removed.")]).toEqual([303, true]);
    expect((await read()).aliases).toEqual({});
    expect((await at.get(page, owner)).status).toBe(404);
    expect(await auditOf(at, "routes.change")).toHaveLength(3);
  });

  test("refuse an alias that leads nowhere, and leave what was typed", async () => {
    const fields = { version: await version(), alias: "odd", target: "nobody/nothing" };
    const { html, status } = await at.post("/routes/aliases", fields, owner);
    expect([status, html.includes('value="nobody/nothing"')]).toEqual([400, true]);
    expect((await read()).aliases).toEqual({});
  });

  test("ask a provider earlier, one place at a time", async () => {
    const { effective_order: before } = await read();
    const [first, second] = before;
    const fields = { version: await version(), provider: second };
    const done = await at.post("/routes/order", fields, owner);
    expect([
      done.status,
      saidIn(done.headers).includes(`${second} is asked before ${first}`),
    ]).toEqual([303, true]);
    expect((await read()).effective_order).toEqual(before.toReversed());
    expect((await at.post("/routes/order", { provider: "nobody" }, owner)).status).toBe(404);
  });
});
