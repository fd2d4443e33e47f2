/** Caps: the list with what is used, one of them, and all that is done with them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const CAP = { scope: "user", scope_id: "ann", unit: "usd", amount: "25", window: "month" };
const addCap = (at: TestConsole, terms: object = {}) =>
  adminAsk(at, "POST", "/caps", { ...CAP, ...terms });
/** One request of ann's, so that something is used. */
async function spend(at: TestConsole): Promise<void> {
  const response = await at.gateway.post(
    "/v1/chat/completions",
    { model: "demo/demo", messages: [{ role: "user", content: "Hello" }] },
    { "x-anyray-metadata": JSON.stringify({ user: "ann" }) },
  );
  await response.text();
}

testPage({
  path: "/caps",
  area: "quotas",
  title: "Caps",
  empty: "No caps yet",
  async fill(at) {
    await addCap(at);
    return { shows: "$25.00 each month" };
  },
});
testPage({ path: "/caps/new", area: "quotas", title: "New cap" });
testPage({
  path: "/caps/cap_none",
  area: "quotas",
  title: "Cap for the user ann",
  async fill(at) {
    const { id } = await addCap(at);
    await spend(at);
    return { shows: "of $25.00", path: `/caps/${id}` };
  },
});
testPage({
  path: "/caps/cap_none/remove",
  area: "quotas",
  title: "Remove the cap for the user ann?",
  async fill(at) {
    return { shows: "Remove cap", path: `/caps/${(await addCap(at)).id}/remove` };
  },
});

describe("caps", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  const read = (id: string) => adminAsk(at, "GET", `/caps/${id}`);

  test("are made with what the form says, and hold at once", async () => {
    const fields = {
      scope: "team",
      scope_id: "core",
      unit: "tokens",
      amount: "1000",
      window: "day",
      time_zone: "Europe/Berlin",
      mode: "soft",
      warn_percent: "",
    };
    const done = await at.post("/caps/new", fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/caps"]);
    expect(saidIn(done.headers)).toContain("The cap for the team core is made, and holds.");
    const { caps } = await adminAsk(at, "GET", "/caps");
    expect(caps.at(-1)).toMatchObject({ ...fields, warn_percent: null });
    const text = textOf((await at.get("/caps?scope=team", owner)).html);
    expect(text).toContain("The team core 1,000 tokens each day, soft");
    expect(await auditOf(at, "cap.create")).toHaveLength(1);
  });

  test("that are refused leave what was typed", async () => {
    const fields = { ...CAP, amount: "much", warn_percent: "often" };
    const { html, status } = await at.post("/caps/new", fields, owner);
    expect([status, html.includes('value="much"'), html.includes('value="often"')]).toEqual([
      400,
      true,
      true,
    ]);
    expect(textOf(html)).toContain("It is in dollars");
    expect(await auditOf(at, "cap.create")).toHaveLength(1);
  });

  test("show who used how much, and when it begins anew", async () => {
    const { id } = await addCap(at, { scope_id: null });
    await spend(at);
    const { html } = await at.get(`/caps/${id}`, owner);
    expect(html).toContain('href="/users/ann"');
    expect(textOf(html)).toMatch(/ann <?\$[\d.]+ of \$25\.00|ann .*of \$25\.00/);
    const [{ window_end }] = (await read(id)).usage;
    expect(html).toContain(`datetime="${window_end}"`);
  });

  test("change as they were read, and not when someone else was faster", async () => {
    const { id, version } = await addCap(at, { scope_id: "bo" });
    const fields = { version: String(version), amount: "30", mode: "soft", warn_percent: "90" };
    const done = await at.post(`/caps/${id}`, fields, owner);
    expect([done.status, saidIn(done.headers).includes("is changed.")]).toEqual([303, true]);
    expect(await read(id)).toMatchObject({
      amount: "30.000000000000",
      mode: "soft",
      warn_percent: 90,
    });
    expect((await at.get(`/caps/${id}`, owner)).html).toContain('value="30"');
    const late = await at.post(`/caps/${id}`, { ...fields, amount: "99" }, owner);
    expect(late.status).toBe(409);
    expect(textOf(late.html)).toContain("Someone else changed it meanwhile.");
    expect(late.html).toContain('value="99"');
    expect(late.html).toContain(`name="version" value="${version + 1}"`);
    expect(await read(id)).toMatchObject({ amount: "30.000000000000" });
    expect(await auditOf(at, "cap.change")).toHaveLength(1);
  });

  test("are removed after a question; by those who may", async () => {
    const { id } = await addCap(at, { scope_id: "carl" });
    for (const role of ["auditor", "viewer"] as const) {
      const token = await at.signIn(role);
      expect((await at.post(`/caps/${id}/remove`, {}, token)).status).toBe(403);
      expect((await at.post(`/caps/${id}`, { amount: "1" }, token)).status).toBe(403);
    }
    const done = await at.post(`/caps/${id}/remove`, {}, await at.signIn("admin"));
    expect([done.status, done.headers.get("location")]).toEqual([303, "/caps"]);
    expect((await at.get(`/caps/${id}`, owner)).status).toBe(404);
    const [entry] = await auditOf(at, "cap.remove");
    expect(entry.actor).toBe("admin@example.com");
  });

  test("are found by whom they hold for", async () => {
    const text = textOf((await at.get("/caps?search=BO", owner)).html);
    expect([text.includes("The user bo"), text.includes("The team core")]).toEqual([true, false]);
    expect(textOf((await at.get("/caps?search=zzz", owner)).html)).toContain("No cap is like that");
  });
});
