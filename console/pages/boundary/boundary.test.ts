/** The Boundary page: what passed, why it may, and what was refused. */
import { expect, test } from "bun:test";
import { providersAt } from "../../../worker/testing/gateway.ts";
import { startUpstream } from "../../../worker/testing/upstream.ts";
import { startConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

testPage({
  path: "/boundary",
  area: "health",
  title: "Boundary",
  empty: "The gateway may connect to nothing",
  // Without a destination there is none of the gateway's texts.
  showsText: false,
});

test("the boundary names each place, why it is allowed, and the bytes that passed; hostile names are text", async () => {
  const upstream = await startUpstream((_request, reply) => reply.json(500, { error: {} }));
  const at = await startConsole({ env: { ANYRAY_PROVIDERS: providersAt(upstream.url, {}) } });
  try {
    const body = { model: "m", messages: [] };
    await (await at.gateway.post("/v1/chat/completions", body)).text();
    const token = await at.signIn("auditor");
    const text = textOf((await at.get("/boundary", token)).html);
    expect(text).toContain("Places allowed 2");
    expect(text).toContain(new URL(upstream.url).origin);
    expect(text).toContain("A provider of models");
    expect(text).toMatch(/Sent \d+ B/);
    expect(text).not.toContain("nobody configured");
    at.turnHostile();
    const { html } = await at.get("/boundary", token);
    expect(html).toContain("&lt;hostile");
    expect(html).not.toContain("<hostile");
  } finally {
    await at.stop();
    await upstream.stop();
  }
});

test("requests to places that nobody configured are said at the top", async () => {
  const at = await startConsole();
  try {
    const { boundary } = at.gateway.gateway.deps;
    Object.assign(boundary, { refusedElsewhere: () => 3 });
    const text = textOf((await at.get("/boundary", await at.signIn())).html);
    expect(text).toContain("3 requests to places that nobody configured: refused.");
    expect(text).toContain("Refused 3");
  } finally {
    await at.stop();
  }
});
