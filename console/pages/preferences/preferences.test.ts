/** The Preferences page, and what it keeps. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage } from "../../testing/page-tests.ts";

testPage({ path: "/preferences", area: null, title: "Preferences" });

describe("a preference", () => {
  let at: TestConsole;
  beforeAll(async () => {
    at = await startConsole();
  });
  afterAll(() => at.stop());

  test("of colours is kept in a cookie, and the page comes in them", async () => {
    const token = await at.signIn();
    const fields = { theme: "dark", to: "/health" };
    const { status, headers } = await at.post("/preferences/theme", fields, token);
    expect([status, headers.get("location")]).toEqual([303, "/health"]);
    expect(headers.get("set-cookie")).toStartWith("anyray-theme=dark; Path=/");
    const { html } = await at.get("/health", token, { cookie: "anyray-theme=dark" });
    expect(html).toStartWith('<!doctype html><html lang="en" data-theme="dark">');
  });

  test("of a zone is one that exists; times are shown in it", async () => {
    const token = await at.signIn();
    const wrong = await at.post("/preferences", { zone: "Mars/Olympus" }, token);
    expect(wrong.status).toBe(400);
    expect(wrong.html).toContain("That is no time zone");
    const right = await at.post("/preferences", { zone: "Asia/Tokyo" }, token);
    expect(right.headers.getSetCookie().join("\n")).toContain("anyray-zone=Asia%2FTokyo;");
    const { html } = await at.get("/preferences", token, { cookie: "anyray-zone=Asia%2FTokyo" });
    expect(html).toMatch(/<time [^>]+>[^<]+ GMT\+9<\/time>/);
    const none = await at.get("/preferences", token, { cookie: "anyray-zone=%E0%A4%A" });
    expect(none.html).toMatch(/<time [^>]+>[^<]+ UTC<\/time>/);
  });
});
