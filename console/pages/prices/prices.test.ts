/** Prices: looked up, set, imported, removed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const FILE = {
  version: "2026-11",
  prices: [
    { provider: "acme", model: "m", input_usd_per_million: "0.5", output_usd_per_million: "2" },
  ],
};
const setPrice = (at: TestConsole) => adminAsk(at, "PUT", "/prices", FILE);

testPage({
  path: "/prices",
  area: "providers",
  title: "Prices",
  empty: "No prices of your own",
  async fill(at) {
    await setPrice(at);
    return { shows: "acme/m 2026-11 $0.5 $2" };
  },
});
testPage({ path: "/prices/new", area: "providers", title: "New price" });
testPage({ path: "/prices/import", area: "providers", title: "Import prices" });
testPage({
  path: "/prices/remove?provider=acme&model=m",
  area: "providers",
  title: "Remove your price of acme/m?",
  // What is spoilt is not found.
  showsText: false,
  async fill(at) {
    await setPrice(at);
    return { shows: "Rows that 2026-11 priced keep their cost." };
  },
});

describe("prices", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  const revision = async () => String((await adminAsk(at, "GET", "/prices")).revision);

  test("name the version of the data below them, and say what a model costs with both", async () => {
    const { vendored_version } = await adminAsk(at, "GET", "/prices");
    const { html } = await at.get("/prices?provider=demo&model=demo", owner);
    expect(textOf(html)).toContain(vendored_version);
    expect(textOf(html)).toContain("Input, a million $");
    const none = textOf((await at.get("/prices?provider=nobody&model=other", owner)).html);
    expect(none).toContain("It has no price.");
  });

  test("are set with what the form says, and not when someone else was faster", async () => {
    const fields = {
      revision: await revision(),
      provider: "acme",
      model: "large",
      input: "0.8",
      output: "3.2",
      request: "0.01",
      version: "contract-7",
    };
    const done = await at.post("/prices/new", fields, owner);
    expect([done.status, saidIn(done.headers).includes("acme/large has a price")]).toEqual([
      303,
      true,
    ]);
    const [price] = (await adminAsk(at, "GET", "/prices")).overrides;
    expect(price).toMatchObject({
      version: "contract-7",
      amounts: { input: "0.8", output: "3.2", request: "0.01" },
    });
    const late = await at.post("/prices/new", { ...fields, input: "9" }, owner);
    expect([late.status, textOf(late.html).includes("Someone else changed it")]).toEqual([
      400,
      true,
    ]);
    expect(late.html).toContain('value="9"');
    const bad = { ...fields, revision: await revision(), input: "cheap" };
    const refused = await at.post("/prices/new", bad, owner);
    expect([refused.status, refused.html.includes('value="cheap"')]).toEqual([400, true]);
  });

  test("are imported from a file, whole or not at all", async () => {
    const send = async (file: string) =>
      at.post("/prices/import", { revision: await revision(), file }, owner);
    for (const bad of ["{", "[]", "null", '{"version":1}']) {
      expect(textOf((await send(bad)).html)).toContain("That is no price file");
    }
    const faulty = await send(JSON.stringify({ ...FILE, prices: [{ provider: "x" }] }));
    expect([faulty.status, textOf(faulty.html).includes("prices[0]")]).toEqual([400, true]);
    const done = await send(JSON.stringify(FILE));
    expect([done.status, saidIn(done.headers).includes("1 price of 2026-11 stored.")]).toEqual([
      303,
      true,
    ]);
    expect(await auditOf(at, "price.import")).toHaveLength(2);
  });

  test("are removed after a question; by those who may", async () => {
    const fields = { provider: "acme", model: "m", revision: await revision() };
    expect((await at.post("/prices/remove", fields, await at.signIn("viewer"))).status).toBe(403);
    const late = await at.post("/prices/remove", { ...fields, revision: "0" }, owner);
    expect([late.status, textOf(late.html).includes("Someone else changed it")]).toEqual([
      409,
      true,
    ]);
    const done = await at.post("/prices/remove", fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/prices"]);
    expect((await adminAsk(at, "GET", "/prices")).overrides).toHaveLength(1);
    expect((await at.get("/prices/remove?provider=acme&model=m", owner)).status).toBe(404);
    expect(await auditOf(at, "price.remove")).toHaveLength(1);
  });
});
