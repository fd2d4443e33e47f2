/** Rate limits: the list, one of them, and all that is done with them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const LIMIT = { scope: "user", scope_id: "ann", requests_per_minute: 120 };
const addLimit = (at: TestConsole, terms: object = {}) =>
  adminAsk(at, "POST", "/limits", { ...LIMIT, ...terms });

testPage({
  path: "/limits",
  area: "quotas",
  title: "Rate limits",
  empty: "No rate limits yet",
  async fill(at) {
    await addLimit(at);
    return { shows: "The user ann 120 any any" };
  },
});
testPage({ path: "/limits/new", area: "quotas", title: "New limit" });
for (const [suffix, title, shows] of [
  ["", "Limit for the user ann", "Requests a minute"],
  ["/remove", "Remove the limit for the user ann?", "Remove limit"],
] as const) {
  testPage({
    path: `/limits/lim_none${suffix}`,
    area: "quotas",
    title,
    // An id that is spoilt is not found: what is there is not shown.
    showsText: false,
    async fill(at) {
      return { shows, path: `/limits/${(await addLimit(at)).id}${suffix}` };
    },
  });
}

describe("rate limits", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  const all = async () => (await adminAsk(at, "GET", "/limits")).limits;

  test("are made with what the form says", async () => {
    const fields = { scope: "key", scope_id: "", requests_per_minute: "60", concurrent: "4" };
    const done = await at.post("/limits/new", fields, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/limits"]);
    expect(saidIn(done.headers)).toContain("The limit for each key is made, and holds.");
    expect((await all()).at(-1)).toMatchObject({
      scope: "key",
      scope_id: null,
      requests_per_minute: 60,
      tokens_per_minute: null,
      concurrent: 4,
    });
    expect(await auditOf(at, "limit.create")).toHaveLength(1);
    await at.post("/limits/new", { scope: "team", scope_id: "core", concurrent: "0" }, owner);
    expect(textOf((await at.get("/limits", owner)).html)).toContain(
      "The team core any any none pass",
    );
  });

  test("that are refused leave what was typed", async () => {
    const none = await at.post("/limits/new", { scope: "org" }, owner);
    expect([none.status, textOf(none.html).includes("is needed")]).toEqual([400, true]);
    const fields = { scope: "user", concurrent: "a few" };
    const words = await at.post("/limits/new", fields, owner);
    expect([words.status, words.html.includes('value="a few"')]).toEqual([400, true]);
    const named = await at.post("/limits/new", { scope: "org", scope_id: "ann" }, owner);
    // In the words of the form, not of the API.
    for (const [{ html }, said] of [
      [none, "One of “Requests a minute”, “Tokens a minute”, “Requests at once” is needed."],
      [words, "(“Requests at once”). It is a whole number from 0"],
      [named, "(“Which one”). The organisation has none."],
    ] as const) {
      const text = textOf(html);
      expect([said, text.includes(said)]).toEqual([said, true]);
      expect(text).not.toMatch(/_per_minute|scope_id|concurrent/);
    }
    const { id, version } = await addLimit(at, { scope_id: "dan" });
    const bare = await at.post(`/limits/${id}`, { version: String(version) }, owner);
    expect(textOf(bare.html)).toContain("One of “Requests a minute”,");
  });

  test("change as they were read, and not when someone else was faster", async () => {
    const { id, version } = await addLimit(at, { scope_id: "bo" });
    const fields = { version: String(version), tokens_per_minute: "5000" };
    const done = await at.post(`/limits/${id}`, fields, owner);
    expect([done.status, saidIn(done.headers).includes("is changed.")]).toEqual([303, true]);
    expect((await all()).at(-1)).toMatchObject({
      requests_per_minute: null,
      tokens_per_minute: 5000,
    });
    const late = await at.post(`/limits/${id}`, { ...fields, tokens_per_minute: "9" }, owner);
    expect([late.status, textOf(late.html).includes("Someone else changed it")]).toEqual([
      409,
      true,
    ]);
    expect(await auditOf(at, "limit.change")).toHaveLength(1);
  });

  test("are removed after a question; by those who may", async () => {
    const { id } = await addLimit(at, { scope_id: "carl" });
    const viewer = await at.signIn("viewer");
    expect((await at.post(`/limits/${id}/remove`, {}, viewer)).status).toBe(403);
    const done = await at.post(`/limits/${id}/remove`, {}, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/limits"]);
    expect((await at.get(`/limits/${id}`, owner)).status).toBe(404);
    expect(await auditOf(at, "limit.remove")).toHaveLength(1);
  });
});
