/** Roles, sign-ins and keys of the admin API. What is not allowed is refused, on every route there is. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ROLES, type Role } from "../../../db/store.ts";
import { record } from "../../audit/record.ts";
import { mayDo, type Area } from "../../accounts/roles.ts";
import { apiRoutes } from "../../app.ts";
import { startGateway, type TestGateway } from "../gateway.ts";
import { adminOf } from "./rig.ts";

let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await startGateway();
  admin = adminOf(gateway);
});
afterAll(() => gateway.stop());

const PASSWORD = "correct horse battery";

/** Which part of the admin plane a path is: told here once more, so that a route that moves is noticed. */
const AREAS: readonly (readonly [RegExp, Area])[] = [
  [/^\/admin\/(?:spend|users|teams|latency)/, "spend"],
  [/^\/admin\/(?:traces|sessions|live)/, "traces"],
  [/^\/admin\/audit/, "audit"],
  [/^\/admin\/(?:privacy|retention|subjects)/, "privacy"],
  [/^\/admin\/(?:keys|invites)/, "keys"],
  [/^\/admin\/(?:caps|limits)/, "quotas"],
  [/^\/admin\/(?:accounts|api-keys)/, "accounts"],
  [/^\/admin\/(?:providers|routes|prices)/, "providers"],
  [/^\/admin\/(?:health|boundary)/, "health"],
];

describe("every route of the admin plane", () => {
  test("refuses strangers, and each role what is not its own", async () => {
    const tokens = new Map<Role, string>();
    for (const role of ROLES) {
      const made = await admin("POST", "/admin/api-keys", { name: `prog ${role}`, role });
      tokens.set(role, made.body.secret);
    }
    const routes = apiRoutes(gateway.gateway.deps).routes.filter(
      ({ path }) =>
        path.startsWith("/admin") &&
        !path.startsWith("/admin/session/") &&
        path !== "/admin/session",
    );
    expect(routes.length).toBeGreaterThan(30);
    for (const { method, path } of routes) {
      const at = path.replace(/:\w+/g, "nothing");
      // A body that changes nothing, should it be let in.
      const body = method === "GET" || method === "DELETE" ? undefined : { nonsense: true };
      const area = AREAS.find(([pattern]) => pattern.test(path))?.[1];
      if (area === undefined) throw new Error(`${path} belongs to no area`);
      for (const stranger of [null, "nonsense", gateway.key, `aak_${"a".repeat(43)}_000000`]) {
        const { status } = await admin(method, at, body, stranger);
        expect([method, path, stranger, status]).toEqual([method, path, stranger, 401]);
      }
      for (const [role, token] of tokens) {
        const { status } = await admin(method, at, body, token);
        const isAllowed = mayDo(role, area, method !== "GET");
        expect([method, path, role, status !== 403]).toEqual([method, path, role, isAllowed]);
        expect(status).not.toBe(401);
      }
    }
  });

  test("does not read what strangers send: neither as JSON, nor to its end", async () => {
    const pulled = { times: 0 };
    for (const [path, method, status] of [
      ["/admin/keys", "POST", 401],
      ["/admin/prices", "POST", 401],
      ["/admin/privacy", "PUT", 401],
      ["/admin/session", "POST", 413],
    ] as const) {
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled.times += 1;
          controller.enqueue(new Uint8Array(8 * 1024).fill(0x5b));
        },
      });
      const headers = { "content-type": "application/json" };
      const answer = await gateway.fetch(path, { method, headers, body: endless });
      expect([path, answer.status]).toEqual([path, status]);
    }
    expect(pulled.times).toBeLessThan(20);
    const long = { name: "x".repeat(20_000), password: PASSWORD };
    expect((await admin("POST", "/admin/session", long, null)).status).toBe(413);
    expect((await admin("POST", "/admin/session", "[[", null)).body.error.code).toBe(
      "invalid_json",
    );
  });

  test("gives viewers spend, auditors the audit log and traces, and neither a change", () => {
    expect(mayDo("viewer", "spend", false)).toBe(true);
    expect(mayDo("viewer", "traces", false)).toBe(false);
    expect(mayDo("auditor", "audit", false)).toBe(true);
    expect(mayDo("auditor", "traces", false)).toBe(true);
    expect(mayDo("auditor", "keys", false)).toBe(false);
    expect(mayDo("admin", "accounts", true)).toBe(false);
    for (const role of ["viewer", "auditor"] as const) {
      for (const [, area] of AREAS) expect(mayDo(role, area, true)).toBe(false);
    }
  });
});

describe("a sign-in", () => {
  test("with the admin token, or by name and password; ends when it is ended", async () => {
    const token = (await admin("POST", "/admin/session", {})).body;
    expect(token).toMatchObject({ name: "admin", role: "owner", account: null });
    expect((await admin("GET", "/admin/spend", undefined, token.token)).status).toBe(200);
    await admin("DELETE", "/admin/session", undefined, token.token);
    expect((await admin("GET", "/admin/spend", undefined, token.token)).status).toBe(401);

    expect((await admin("POST", "/admin/session", {}, null)).status).toBe(401);
    const account = { name: "eve@example.com", role: "auditor", password: PASSWORD };
    expect((await admin("POST", "/admin/accounts", account)).status).toBe(201);
    const second = await admin("POST", "/admin/accounts", account);
    expect([second.status, second.body.error.message]).toEqual([
      409,
      expect.stringContaining("There is an account of this name."),
    ]);
    const eve = await admin(
      "POST",
      "/admin/session",
      { name: account.name, password: PASSWORD },
      null,
    );
    expect(eve.body).toMatchObject({ role: "auditor", account: account.name });
    const asEve = (path: string) => admin("GET", path, undefined, eve.body.token);
    expect((await asEve("/admin/audit")).status).toBe(200);
    expect((await asEve("/admin/spend")).status).toBe(403);
    expect((await asEve("/admin/session")).body).toEqual({
      name: account.name,
      role: "auditor",
      account: account.name,
      rights: { read: ["audit", "traces", "privacy", "health"], write: [] },
    });
    // The role as it is now.
    await admin("PATCH", `/admin/accounts/${account.name}`, { role: "viewer" });
    expect([(await asEve("/admin/audit")).status, (await asEve("/admin/spend")).status]).toEqual([
      403, 200,
    ]);
    const other = await admin(
      "POST",
      "/admin/session",
      { name: account.name, password: PASSWORD },
      null,
    );
    await admin("POST", "/admin/session/end-all", undefined, other.body.token);
    expect((await asEve("/admin/spend")).status).toBe(401);
    const third = await admin(
      "POST",
      "/admin/session",
      { name: account.name, password: PASSWORD },
      null,
    );
    await admin("PATCH", `/admin/accounts/${account.name}`, { sign_out: true });
    expect((await admin("GET", "/admin/spend", undefined, third.body.token)).status).toBe(401);
    const { entries } = (await admin("GET", "/admin/audit?action=account.change&limit=1")).body;
    expect(entries[0].after).toMatchObject({ signed_out: true, password_changed: false });
    const again = { name: account.name, password: PASSWORD };
    const fourth = await admin("POST", "/admin/session", again, null);
    expect(fourth.status).toBe(200);
    await admin("PATCH", `/admin/accounts/${account.name}`, { disabled: true });
    expect((await admin("GET", "/admin/spend", undefined, fourth.body.token)).status).toBe(401);
    expect(
      (await admin("POST", "/admin/session", { name: account.name, password: PASSWORD }, null))
        .status,
    ).toBe(401);
  }, 20_000);

  test("with the admin token ends when that is changed; one by name and password does not", async () => {
    const first = await startGateway();
    const account = { name: "ivy", role: "viewer", password: PASSWORD };
    await adminOf(first)("POST", "/admin/accounts", account);
    const owner = (await adminOf(first)("POST", "/admin/session", {})).body.token;
    const named = { name: account.name, password: PASSWORD };
    const viewer = (await adminOf(first)("POST", "/admin/session", named, null)).body.token;
    await first.gateway.drain();
    await first.gateway.close();

    const second = await startGateway({ ANYRAY_ADMIN_TOKEN: "aat_another" }, first.dataDir);
    const ask = adminOf(second);
    for (const [token, status] of [
      [owner, 401],
      [first.adminToken, 401],
      [viewer, 200],
      ["aat_another", 200],
    ] as const) {
      expect((await ask("GET", "/admin/spend", undefined, token)).status).toBe(status);
    }
    const again = (await ask("POST", "/admin/session", {})).body.token;
    expect((await ask("GET", "/admin/spend", undefined, again)).status).toBe(200);
    await second.stop();
  }, 20_000);

  test("that is under way when the password is changed does not begin", async () => {
    const account = { name: "grace", role: "viewer", password: PASSWORD };
    await admin("POST", "/admin/accounts", account);
    const late = admin("POST", "/admin/session", { name: "grace", password: PASSWORD }, null);
    // In the middle of the check: the other change needs no hash of its own.
    const [stored] = (await gateway.store.admin.accounts()).filter(({ name }) => name === "grace");
    const hash = stored?.passwordHash ?? "";
    const passwordHash = `${hash.slice(0, -1)}${hash.endsWith("A") ? "E" : "A"}`;
    await record(
      gateway.store.audit,
      {
        timeMs: 1,
        actor: "test",
        action: "account.change",
        target: "grace",
        before: null,
        after: null,
      },
      [{ kind: "account.change", name: "grace", set: { passwordHash } }],
    );
    expect((await late).status).toBe(401);
  });

  test("stays ended for an account that is disabled while its password is changed", async () => {
    await admin("POST", "/admin/accounts", { name: "heidi", role: "viewer", password: PASSWORD });
    const [changed, disabled] = await Promise.all([
      admin("PATCH", "/admin/accounts/heidi", { password: `${PASSWORD} 2` }),
      admin("PATCH", "/admin/accounts/heidi", { disabled: true }),
    ]);
    expect([changed.status, disabled.status]).toEqual([200, 200]);
    const [stored] = (await gateway.store.admin.accounts()).filter(({ name }) => name === "heidi");
    expect(stored?.disabledAtMs).not.toBeNull();
  });

  test("by guessing waits after five, whether there is such a name or not; secrets are nowhere", async () => {
    await admin("POST", "/admin/accounts", { name: "target", role: "owner", password: PASSWORD });
    for (const name of ["target", "nobody"]) {
      for (let n = 0; n < 5; n++) {
        const guess = await admin("POST", "/admin/session", { name, password: `wrong ${n}` }, null);
        expect([name, n, guess.status]).toEqual([name, n, 401]);
      }
      const { status, headers } = await admin(
        "POST",
        "/admin/session",
        { name, password: PASSWORD },
        null,
      );
      expect([name, status]).toEqual([name, 429]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(800);
    }
    const said = JSON.stringify([
      gateway.log,
      (await admin("GET", "/admin/audit?limit=1000")).body,
    ]);
    expect(said).not.toContain(PASSWORD);
    expect(said).not.toContain("argon2");
    const stored = await gateway.store.admin.accounts();
    for (const { passwordHash } of stored)
      expect(passwordHash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
  }, 30_000);

  test("needs a password worth the name", async () => {
    for (const password of ["short", "", "x".repeat(2_000)]) {
      const answer = await admin("POST", "/admin/accounts", {
        name: "fred",
        role: "viewer",
        password,
      });
      expect([password.length, answer.status]).toEqual([password.length, 400]);
    }
    const odd = await admin("POST", "/admin/accounts", {
      name: "admin",
      role: "viewer",
      password: PASSWORD,
    });
    expect(odd.status).toBe(400);
  });
});

describe("a key of the admin API", () => {
  test("ends no sign-ins: it has none, and those without an account are the admin token's", async () => {
    const owner = (await admin("POST", "/admin/session", {})).body.token;
    for (const role of ROLES) {
      const made = await admin("POST", "/admin/api-keys", { name: `ender ${role}`, role });
      const { secret } = made.body;
      for (const [method, path] of [
        ["POST", "/admin/session/end-all"],
        ["DELETE", "/admin/session"],
      ] as const) {
        const { status } = await admin(method, path, undefined, secret);
        expect([role, method, path, status]).toEqual([role, method, path, 403]);
      }
      expect((await admin("GET", "/admin/session", undefined, secret)).status).toBe(200);
    }
    expect((await admin("GET", "/admin/session", undefined, owner)).status).toBe(200);
  });

  test("is not named like anybody whom the audit log knows without an account", async () => {
    for (const name of ["admin", "start", "cli", "gateway"]) {
      const key = await admin("POST", "/admin/api-keys", { name, role: "viewer" });
      const account = await admin("POST", "/admin/accounts", {
        name,
        role: "viewer",
        password: PASSWORD,
      });
      expect([name, key.status, account.status]).toEqual([name, 400, 400]);
    }
  });

  test("works until it is ended, or its time is up, and acts under its own name", async () => {
    const made = (await admin("POST", "/admin/api-keys", { name: "ci job", role: "admin" })).body;
    expect(made.secret).toMatch(/^aak_/);
    const cap = { scope: "org", unit: "usd", amount: "1", window: "day" };
    expect((await admin("POST", "/admin/caps", cap, made.secret)).status).toBe(201);
    const [entry] = (await admin("GET", "/admin/audit?action=cap.create")).body.entries;
    expect(entry.actor).toBe("ci job");
    await admin("DELETE", `/admin/api-keys/${made.api_key.id}`);
    expect((await admin("GET", "/admin/caps", undefined, made.secret)).status).toBe(401);
    expect((await admin("DELETE", `/admin/api-keys/${made.api_key.id}`)).status).toBe(409);
    expect(JSON.stringify((await admin("GET", "/admin/api-keys")).body)).not.toContain(made.secret);
  });
});
