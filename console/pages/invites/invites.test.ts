/** Invites: made, shown once, redeemed, revoked. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { PUBLIC_GATEWAY } from "../../testing/hostile.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const ANN = { user: "ann@example.com", team: "core" };

testPage({
  path: "/invites",
  area: "keys",
  title: "Invites",
  empty: "No invites yet",
  async fill(at) {
    await adminAsk(at, "POST", "/invites", ANN);
    return { shows: "ann@example.com · core" };
  },
});
testPage({ path: "/invites/new", area: "keys", title: "New invite" });

describe("invites", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  test("are made with what the form says; the link is shown once, below the gateway's public address", async () => {
    const made = await at.post("/invites/new", { ...ANN, models: "demo/*" }, owner);
    expect([made.status, made.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const path = /\/invites\/inv_[\w-]+/.exec(made.html.split('id="link"')[1] ?? "")?.[0] ?? "";
    expect(made.html).toContain(PUBLIC_GATEWAY + path);
    const { html } = await at.get("/invites", owner);
    expect(html).not.toContain(path);
    expect(JSON.stringify(made.headers.toJSON())).not.toContain(path);
    const page = await at.gateway.fetch(path);
    expect([page.status, (await page.text()).includes(ANN.user)]).toEqual([200, true]);
    await at.gateway.fetch(path, { method: "POST" });
    const after = await at.get("/invites?state=redeemed", owner);
    expect(after.html).toMatch(/href="\/keys\/key_\w+"/);
    expect(await auditOf(at, "invite.create")).toHaveLength(1);
  });

  test("that are refused leave what was typed", async () => {
    const user = "What is this, please tell me now?";
    const { html, status } = await at.post("/invites/new", { user, models: "demo/*" }, owner);
    expect([status, html.includes(`value="${user}"`)]).toEqual([400, true]);
    expect(html).toContain("demo/*</textarea>");
    const late = await at.post("/invites/new", { key_expires_at: "2020-01-01" }, owner);
    expect(textOf(late.html)).toContain("not valid (“Key expires”)");
  });

  test("are revoked after a question; by others not", async () => {
    const { invite } = await adminAsk(at, "POST", "/invites", { user: "carl" });
    const page = `/invites/${invite.id}/revoke`;
    expect(textOf((await at.get(page, owner)).html)).toContain("Revoke the invite for carl?");
    expect((await at.post(page, {}, await at.signIn("viewer"))).status).toBe(403);
    const done = await at.post(page, {}, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, "/invites"]);
    expect(saidIn(done.headers)).toContain("The invite for carl is revoked.");
    expect((await at.get("/invites?state=open", owner)).html).not.toContain(invite.id);
    const again = await at.post(page, {}, owner);
    expect([again.status, textOf(again.html).includes("It is not open any more")]).toEqual([
      400,
      true,
    ]);
    expect((await at.get("/invites/inv_none/revoke", owner)).status).toBe(404);
    expect(await auditOf(at, "invite.revoke")).toHaveLength(1);
  });

  test("come a page at a time", async () => {
    for (let n = 0; n < 52; n++) await adminAsk(at, "POST", "/invites", { user: `guest ${n}` });
    const { html } = await at.get("/invites?state=open", owner);
    expect(textOf(html)).toContain("52 invites");
    const next = /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const second = textOf((await at.get(next, owner)).html);
    expect([second.includes("guest 1 "), second.includes("guest 51")]).toEqual([true, false]);
  });
});
