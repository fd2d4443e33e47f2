/** Nothing of what was said reaches the console: not what it is told, and not what it shows, on any page, in any content mode. */
import { describe, expect, test } from "bun:test";
import { until } from "../../worker/testing/until.ts";
import { routes } from "../pages/index.ts";
import { startConsole } from "./console.ts";

const CANARY = "canary-7f3a91-do-not-show";

describe.each(["encrypted", "plaintext"])("content that is stored %s", (mode) => {
  test("is on no page, and in no answer that the console gets", async () => {
    const at = await startConsole({
      env: { ANYRAY_CONTENT_MODE: mode, ANYRAY_ALLOW_PLAINTEXT: "true" },
    });
    try {
      const token = await at.signIn();
      const response = await at.gateway.post(
        "/v1/chat/completions",
        { model: "demo/demo", messages: [{ role: "user", content: `Repeat: ${CANARY}` }] },
        { "x-anyray-metadata": JSON.stringify({ user: "ann", team: "core", session: "s-1" }) },
      );
      await response.text();
      const traceId = response.headers.get("x-anyray-trace-id") ?? "";
      // What is stored of it is known by now.
      await until(async () => {
        const trace = await at.gateway.fetch(`/admin/traces/${traceId}`, {
          headers: { authorization: `Bearer ${at.gateway.adminToken}` },
        });
        return (await trace.text()).includes('"mode"') ? true : null;
      });
      const known: Readonly<Record<string, string>> = { ":id": traceId, ":name": "ann" };
      for (const { path, show } of routes) {
        // A stream of events has no end to wait for; its own test looks at what comes.
        if (show === undefined || path.includes("events") || path.includes("stream")) continue;
        const filled = path.replaceAll(/:\w+/g, (name) => known[name] ?? "s-1");
        const { html, status } = await at.get(filled, token);
        expect([filled, status < 500]).toEqual([filled, true]);
        expect([filled, html.includes(CANARY)]).toEqual([filled, false]);
      }
      expect(at.heard.length).toBeGreaterThan(routes.length);
      expect(at.heard.some((text) => text.includes(CANARY))).toBe(false);
      // The search finds what is there: the user's name, in both.
      expect(at.heard.some((text) => text.includes('"ann"'))).toBe(true);
    } finally {
      await at.stop();
    }
  }, 60_000);
});
