/** Client keys and invites by the admin API, each change live at once and audited. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startGateway, type TestGateway } from "../gateway.ts";
import { adminOf } from "./rig.ts";

let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await startGateway();
  admin = adminOf(gateway);
});
afterAll(() => gateway.stop());

const chat = (secret: string, model = "demo") =>
  gateway
    .fetch("/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }),
    })
    .then(async (response) => {
      await response.text();
      return response.status;
    });

const lastAudit = async () => (await admin("GET", "/admin/audit?limit=1")).body.entries[0];

describe("POST /admin/keys", () => {
  test("makes a key that works at once, is shown once, and is audited without its secret", async () => {
    const made = await admin("POST", "/admin/keys", {
      name: "laptop",
      description: "of ann",
      user: "ann",
      team: "red",
      models: ["demo/*"],
      endpoints: ["chat"],
      expires_at: "2099-01-01T00:00:00Z",
    });
    expect(made.status).toBe(201);
    const { key, secret } = made.body;
    expect(key).toMatchObject({ state: "active", user: "ann", endpoints: ["chat"] });
    expect(await chat(secret)).toBe(200);
    const embeddings = await gateway.fetch("/v1/embeddings", {
      method: "POST",
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify({ model: "demo", input: "hi" }),
    });
    expect(embeddings.status).toBe(403);
    const entry = await lastAudit();
    expect(entry).toMatchObject({ action: "key.create", actor: "admin", target: key.id });
    expect(entry.after).toMatchObject({
      user: "ann",
      models: 1,
      expires_at: "2099-01-01T00:00:00.000Z",
    });
    expect(JSON.stringify(entry)).not.toContain(secret.slice(4, 40));
    expect((await admin("GET", `/admin/keys/${key.id}`)).body).toEqual(key);
    const rows = (await gateway.rows()).filter((row) => row.user === "ann");
    expect(rows.map(({ status }) => status)).toEqual([200, 403]);
  });

  test("names what is wrong, stores nothing, and quotes nothing", async () => {
    const before = (await admin("GET", "/admin/keys")).body.keys.length;
    for (const [body, field] of [
      [{ user: "What is my salary, please tell me now?" }, "user"],
      [{ nonsense: "secret prose" }, "member is unknown"],
      [{ models: [] }, "models"],
      [{ endpoints: ["everything"] }, "endpoints"],
      [{ metadata: "maybe" }, "metadata"],
      [{ passthrough: "nobody" }, "passthrough"],
      [{ expires_at: "2020-01-01" }, "expires_at"],
      [{ name: 5 }, "name"],
      ["[]", ""],
      ["{", "JSON"],
    ] as const) {
      const answer = await admin("POST", "/admin/keys", body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(answer.body.error.message).toContain(field);
      expect(answer.body.error.message).not.toContain("salary");
    }
    expect((await admin("GET", "/admin/keys")).body.keys).toHaveLength(before);
  });
});

describe("a client key", () => {
  test("is rotated with an overlap: both secrets work, until the former one's time is up", async () => {
    const { key, secret } = (await admin("POST", "/admin/keys", { name: "rotated" })).body;
    const again = await admin("POST", `/admin/keys/${key.id}/rotate`, { overlap_seconds: 1 });
    expect(again.body.key).toMatchObject({ id: key.id, state: "active" });
    expect(again.body.key.former_secret_until).not.toBeNull();
    expect([await chat(secret), await chat(again.body.secret)]).toEqual([200, 200]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect([await chat(secret), await chat(again.body.secret)]).toEqual([401, 200]);
    const third = await admin("POST", `/admin/keys/${key.id}/rotate`, { overlap_seconds: 0 });
    expect([await chat(again.body.secret), await chat(third.body.secret)]).toEqual([401, 200]);
    expect(await lastAudit()).toMatchObject({ action: "key.rotate", target: key.id });
  });

  test("is changed, and revoked for good, both at once", async () => {
    const { key, secret } = (await admin("POST", "/admin/keys", { name: "changed" })).body;
    const path = `/admin/keys/${key.id}`;
    expect(await chat(secret)).toBe(200);
    await admin("PATCH", path, { models: ["other/*"] });
    expect(await chat(secret)).toBe(403);
    await admin("PATCH", path, { models: null, user: "bob" });
    expect(await chat(secret)).toBe(200);
    expect((await lastAudit()).before).toMatchObject({ models: 1, user: null });
    expect((await admin("PATCH", path, {})).status).toBe(400);
    const revoked = await admin("DELETE", path);
    expect(revoked.body.state).toBe("revoked");
    expect(await chat(secret)).toBe(401);
    for (const [method, at] of [
      ["DELETE", path],
      ["PATCH", path],
      ["POST", `${path}/rotate`],
    ] as const) {
      expect(
        (await admin(method, at, method === "DELETE" ? undefined : { name: "x" })).status,
      ).toBe(400);
    }
    expect((await admin("DELETE", "/admin/keys/key_0000000000000000")).status).toBe(404);
  });

  test("is found among thousands, page by page, by what it is bound to", async () => {
    for (let n = 0; n < 250; n++) await gateway.addKey({ name: `many ${n}`, team: "crowd" });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = (await admin("GET", `/admin/keys?team=crowd&limit=100${more}`)).body;
      seen.push(...page.keys.map(({ id }: { id: string }) => id));
      cursor = page.next_cursor;
    }
    expect(new Set(seen).size).toBe(250);
    expect((await admin("GET", "/admin/keys?name=many%207")).body.keys).toHaveLength(1);
    const newest = (await admin("GET", "/admin/keys?team=crowd&order=newest&limit=2")).body;
    expect(newest.keys.map(({ id }: { id: string }) => id)).toEqual(seen.slice(-2).toReversed());
    const before = `/admin/keys?team=crowd&order=newest&limit=1&cursor=${newest.next_cursor}`;
    expect((await admin("GET", before)).body.keys[0].id).toBe(seen.at(-3));
    expect((await admin("GET", "/admin/keys?order=best")).status).toBe(400);
    const search = async (text: string) =>
      (await admin("GET", `/admin/keys?search=${encodeURIComponent(text)}`)).body.keys.length;
    const found = [await search("MANY 7"), await search("crow"), await search("nowhere")];
    expect(found).toEqual([11, 100, 0]);
    expect((await admin("GET", "/admin/keys?state=revoked")).body.keys.length).toBeGreaterThan(0);
    expect((await admin("GET", "/admin/keys?state=lost")).status).toBe(400);
  });
});

describe("an invite", () => {
  test("is looked at as often as one likes, redeemed once, and gives the key it promised", async () => {
    const made = await admin("POST", "/admin/invites", { user: "<b>carl", models: ["demo/*"] });
    expect(made.status).toBe(400);
    const { invite, path } = (
      await admin("POST", "/admin/invites", { user: "carl", team: "blue", models: ["demo/*"] })
    ).body;
    for (let n = 0; n < 3; n++) {
      const page = await admin("GET", path, undefined, null);
      expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
      expect(page.body).toContain("carl");
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
    const both = await Promise.all(
      [1, 2].map(() => admin("POST", path, undefined, null, { accept: "application/json" })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 404]);
    const { secret, key_id } = both.find(({ status }) => status === 201)?.body ?? {};
    expect(await chat(secret)).toBe(200);
    expect((await admin("GET", `/admin/keys/${key_id}`)).body).toMatchObject({
      user: "carl",
      team: "blue",
      models: ["demo/*"],
    });
    expect(await lastAudit()).toMatchObject({ action: "invite.redeem", actor: invite.id });
    expect((await admin("GET", path, undefined, null)).status).toBe(404);
    const listed = (await admin("GET", "/admin/invites")).body.invites;
    expect(listed).toContainEqual(
      expect.objectContaining({ id: invite.id, state: "redeemed", key_id }),
    );
  });

  test("ends in a page with the key and what each tool is given, or the header beside the caller's own credential", async () => {
    const redeemed = async (terms: object) => {
      const { path } = (await admin("POST", "/admin/invites", terms)).body;
      return (await admin("POST", path, undefined, null)).body;
    };
    const usual = await redeemed({ user: "dan" });
    const secret = /<code>(ark_[\w-]+)<\/code>/.exec(usual)?.[1] ?? "";
    expect(secret).toMatch(/^ark_/);
    for (const line of [
      "export ANTHROPIC_BASE_URL=http://localhost\nexport ANTHROPIC_AUTH_TOKEN=",
      "export OPENAI_BASE_URL=http://localhost/v1\nexport OPENAI_API_KEY=",
    ]) {
      expect(usual).toContain(`<code>${line}${secret}</code>`);
    }
    const beside = await redeemed({ user: "dan", passthrough: "demo" });
    expect(beside).toMatch(/<code>x-anyray-api-key: ark_[\w-]+<\/code>/);
    expect(beside).not.toContain("export");
  });

  test("that is revoked, or made up, is no invite", async () => {
    const { invite, path } = (await admin("POST", "/admin/invites", {})).body;
    expect((await admin("DELETE", `/admin/invites/${invite.id}`)).body.state).toBe("revoked");
    expect((await admin("DELETE", `/admin/invites/${invite.id}`)).status).toBe(409);
    for (const at of [path, `${path}x`, "/invites/inv_made-up"]) {
      expect((await admin("GET", at, undefined, null)).status).toBe(404);
      expect((await admin("POST", at, undefined, null)).status).toBe(404);
    }
  });
});
