/** The page that leads to the API's description. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { PUBLIC_GATEWAY } from "../../testing/hostile.ts";
import { testPage } from "../../testing/page-tests.ts";

testPage({
  path: "/api",
  area: null,
  title: "API",
  async fill() {
    return { shows: `${PUBLIC_GATEWAY}/admin` };
  },
});

let at: TestConsole;
beforeAll(async () => {
  at = await startConsole();
});
afterAll(() => at.stop());

test("leads to the gateway at its public address, and to a key those who may make one", async () => {
  for (const [role, may] of [
    ["owner", true],
    ["admin", false],
    ["viewer", false],
  ] as const) {
    const { html } = await at.get("/api", await at.signIn(role));
    expect(html).toContain(`href="${PUBLIC_GATEWAY}/docs"`);
    expect([role, html.includes('href="/api-keys/new"')]).toEqual([role, may]);
  }
});
