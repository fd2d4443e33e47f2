/** Every form that changes something, answered by a gateway whose every text is hostile; and sent by another site. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { routes } from "../pages/index.ts";
import { startConsole, type TestConsole } from "./console.ts";
import { expectHarmless, HOSTILE } from "./hostile.ts";

/** What makes a form whole enough to be taken; what is not asked for is not looked at. */
const FIELDS = {
  name: "one",
  id: "one",
  kind: "openai-compatible",
  base_url: "https://api.one.example/v1",
  scope: "user",
  unit: "usd",
  amount: "1",
  window: "month",
  mode: "hard",
  concurrent: "1",
  alias: "one",
  target: "demo/demo",
  provider: "demo",
  model: "one",
  input: "1",
  output: "1",
  version: "0",
  revision: "0",
  what: "sign-out",
  role: "viewer",
  password: "correct-horse-battery-staple",
  zone: "UTC",
  typed: "one",
} as const;

const forms = routes
  .filter(({ act }) => act !== undefined)
  .map(({ path }) => path.replaceAll(/:\w+/g, "one"));

describe("forms", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  test("are all known to this test", () => {
    expect(forms.length).toBeGreaterThan(25);
  });

  test("of another site change nothing: the gateway is not even asked", async () => {
    for (const path of forms) {
      const before = at.asked.length;
      const { status } = await at.post(path, FIELDS, owner, { "sec-fetch-site": "same-site" });
      expect([path, status, at.asked.length]).toEqual([path, 403, before]);
    }
  });

  test("are not for strangers", async () => {
    for (const path of forms) {
      const { status, headers } = await at.post(path, FIELDS, null);
      expect([path, status, headers.get("location")]).toEqual([path, 303, "/sign-in"]);
    }
  });

  test("answer harmlessly, and lead to our own pages alone, whatever the gateway says", async () => {
    at.turnHostile();
    const seen = new Set<number>();
    for (const path of forms) {
      const { status, html, headers } = await at.post(path, FIELDS, owner);
      seen.add(status);
      expect([path, status < 500 || status === 503]).toEqual([path, true]);
      await expectHarmless(html);
      expect([path, html.includes(HOSTILE)]).toEqual([path, false]);
      const to = headers.get("location");
      if (to !== null) expect(to).toMatch(/^\/(?!\/)[\w\-./%?=&'()!~*]*$/);
    }
    // Some are answered by a page of their own, some by another, some are refused.
    expect([200, 303, 400].every((status) => seen.has(status))).toBe(true);
  });
});
