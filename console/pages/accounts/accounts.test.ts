/** Accounts and keys of the admin API: seen by admins, changed by owners alone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { adminAsk, auditOf, saidIn } from "../../testing/admin.ts";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const PASSWORD = "another-long-password-of-hers";
const OWNERS = ["owner"] as const;
const addEve = (at: TestConsole) =>
  adminAsk(at, "POST", "/accounts", { name: "eve", role: "auditor", password: PASSWORD });

testPage({
  path: "/accounts",
  area: "accounts",
  title: "Accounts",
  empty: "No accounts yet",
  async fill(at) {
    await addEve(at);
    await adminAsk(at, "POST", "/api-keys", { name: "exporter", role: "viewer" });
    return { shows: "eve auditor active" };
  },
});
for (const [path, title] of [
  ["/accounts/new", "New account"],
  ["/api-keys/new", "New API key"],
] as const) {
  testPage({ path, area: "accounts", title, readers: OWNERS });
}
for (const [suffix, title, shows] of [
  ["", "eve", "Ends every sign-in of the account"],
  ["/disable", "Disable eve?", "It can be enabled again."],
] as const) {
  testPage({
    path: `/accounts/eve${suffix}`,
    area: "accounts",
    title,
    readers: OWNERS,
    // A name that is spoilt is not found.
    showsText: false,
    async fill(at) {
      await addEve(at);
      return { shows };
    },
  });
}
testPage({
  path: "/api-keys/akey_none/end",
  area: "accounts",
  title: "End the API key exporter?",
  readers: OWNERS,
  showsText: false,
  async fill(at) {
    const made = await adminAsk(at, "POST", "/api-keys", { name: "exporter", role: "viewer" });
    return { shows: "That is for good", path: `/api-keys/${made.api_key.id}/end` };
  },
});

describe("accounts", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  const signInAs = async (name: string, password: string) => {
    const response = await at.gateway.fetch("/admin/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, password }),
    });
    return { status: response.status, token: (await response.json()).token ?? "" };
  };
  const isIn = async (token: string) => (await at.get("/preferences", token)).status === 200;

  test("are made with name, role and first password, which is shown nowhere", async () => {
    const fields = { name: "dana", role: "viewer", password: PASSWORD };
    const done = await at.post("/accounts/new", fields, owner);
    expect([done.status, saidIn(done.headers).includes("The account dana is made")]).toEqual([
      303,
      true,
    ]);
    expect(JSON.stringify(done.headers.toJSON())).not.toContain(PASSWORD);
    expect((await signInAs("dana", PASSWORD)).status).toBe(200);
    const again = await at.post("/accounts/new", fields, owner);
    expect([
      again.status,
      textOf(again.html).includes("There is an account of this name."),
    ]).toEqual([400, true]);
    const short = await at.post(
      "/accounts/new",
      { ...fields, name: "x", password: "short" },
      owner,
    );
    expect([short.status, short.html.includes("short")]).toEqual([400, false]);
    expect(await auditOf(at, "account.create")).toHaveLength(1);
  });

  test("get another role, another password, and are signed out", async () => {
    const page = "/accounts/dana";
    const role = await at.post(page, { what: "role", role: "auditor" }, owner);
    expect(saidIn(role.headers)).toContain("dana has the role auditor from now on.");
    const first = await signInAs("dana", PASSWORD);
    expect(await isIn(first.token)).toBe(true);
    const out = await at.post(page, { what: "sign-out" }, owner);
    expect(saidIn(out.headers)).toContain("All sign-ins of dana are ended.");
    expect(await isIn(first.token)).toBe(false);
    const second = await signInAs("dana", PASSWORD);
    const short = await at.post(page, { what: "password", password: "short" }, owner);
    expect([short.status, await isIn(second.token)]).toEqual([400, true]);
    await at.post(page, { what: "password", password: `${PASSWORD}!` }, owner);
    expect(await isIn(second.token)).toBe(false);
    expect((await signInAs("dana", PASSWORD)).status).toBe(401);
    expect((await signInAs("dana", `${PASSWORD}!`)).status).toBe(200);
    expect((await at.post(page, { what: "nothing" }, owner)).status).toBe(404);
    expect(await auditOf(at, "account.change")).toHaveLength(3);
  }, 30_000);

  test("are disabled after a question, and enabled again", async () => {
    const page = "/accounts/dana";
    const { html } = await at.get(`${page}/disable`, owner);
    expect(textOf(html)).toContain("Every sign-in of the account ends");
    const done = await at.post(page, { what: "disable" }, owner);
    expect(saidIn(done.headers)).toContain("dana is disabled");
    expect((await signInAs("dana", `${PASSWORD}!`)).status).toBe(401);
    expect(textOf((await at.get(page, owner)).html)).toContain("It can't sign in.");
    await at.post(page, { what: "enable" }, owner);
    expect((await signInAs("dana", `${PASSWORD}!`)).status).toBe(200);
  }, 30_000);

  test("are seen by admins, without a way to change them; what is sent is refused", async () => {
    const admin = await at.signIn("admin");
    const { html, status } = await at.get("/accounts", admin);
    expect([status, textOf(html).includes("dana auditor active")]).toEqual([200, true]);
    for (const link of ["/accounts/new", "/api-keys/new", "/accounts/dana"]) {
      expect(html).not.toContain(`href="${link}"`);
    }
    for (const [path, fields] of [
      ["/accounts/new", { name: "mine", role: "owner", password: PASSWORD }],
      ["/accounts/dana", { what: "role", role: "owner" }],
      ["/api-keys/new", { name: "mine", role: "owner" }],
    ] as const) {
      expect((await at.post(path, fields, admin)).status).toBe(403);
    }
    const { accounts } = await adminAsk(at, "GET", "/accounts");
    expect(accounts.map(({ role }: { role: string }) => role)).not.toContain("owner");
  });

  test("API keys are shown once, work by their role, and end after a question", async () => {
    const fields = { name: "exporter", role: "viewer", expires_at: "2099-01-01" };
    const made = await at.post("/api-keys/new", fields, owner);
    expect([made.status, made.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const secret = /aak_[\w-]{40,}/.exec(made.html)?.[0] ?? "";
    const status = async (path: string) =>
      (await at.gateway.fetch(path, { headers: { authorization: `Bearer ${secret}` } })).status;
    expect([await status("/admin/spend"), await status("/admin/keys")]).toEqual([200, 403]);
    expect((await at.get("/accounts", owner)).html).not.toContain(secret);
    const [key] = (await adminAsk(at, "GET", "/api-keys")).api_keys;
    expect(key).toMatchObject({ name: "exporter", expires_at: "2099-01-01T00:00:00.000Z" });
    const page = `/api-keys/${key.id}/end`;
    const done = await at.post(page, {}, owner);
    expect([done.status, saidIn(done.headers).includes("The API key exporter is ended.")]).toEqual([
      303,
      true,
    ]);
    expect(await status("/admin/spend")).toBe(401);
    expect((await at.get(page, owner)).status).toBe(404);
    const none = await at.post("/api-keys/new", { name: "", role: "viewer" }, owner);
    expect(none.status).toBe(400);
    expect(await auditOf(at, "token.end")).toHaveLength(1);
  });
});
