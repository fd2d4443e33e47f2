/** Whole gateways on one Postgres: what one sets counts on the other, what both spend is counted once, and neither needs it to answer. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Postgres } from "../../db/contract/postgres.ts";
import { keyId } from "../encryption/keyring.ts";
import { releaseSharedKeys } from "../shared-keys.ts";
import { adminOf } from "./admin/rig.ts";
import { onPostgres } from "./databases.ts";
import { startGateway, type TestGateway } from "./gateway.ts";
import { until } from "./until.ts";

const DEMO = JSON.stringify({ demo: { kind: "demo" } });
const SECRETS = {
  ANYRAY_ADMIN_TOKEN: "admin-token-of-all",
  ANYRAY_CONTENT_KEY: "ab".repeat(32),
  ANYRAY_AUDIT_KEY: "cd".repeat(32),
};
const BODY = {
  model: "demo/demo",
  max_tokens: 20,
  messages: [{ role: "user", content: "Hello" }],
};

onPostgres((fresh, postgresOf) => {
  let postgres: Postgres;
  let env: Record<string, string>;
  let gateways: TestGateway[];
  beforeAll(() => {
    postgres = postgresOf();
  });
  beforeEach(async () => {
    env = { ...SECRETS, ANYRAY_PROVIDERS: DEMO, ...(await fresh()) };
    gateways = [];
  });
  afterEach(async () => {
    for (const gateway of gateways) await gateway.stop();
  });

  async function start(more: Record<string, string> = {}): Promise<TestGateway> {
    const gateway = await startGateway({ ...env, ...more });
    gateways.push(gateway);
    return gateway;
  }

  async function ask(gateway: TestGateway, key = gateway.key, more: object = {}) {
    const response = await gateway.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ ...BODY, ...more }),
    });
    await response.text();
    return response.status;
  }
  const requests = async (gateway: TestGateway): Promise<number> =>
    (await adminOf(gateway)("GET", "/admin/spend")).body.totals.requests;

  test("is never asked for what it has no letter for: the caller is told what is wrong", async () => {
    const gateway = await start({
      ANYRAY_PROVIDERS: JSON.stringify({
        demo: { kind: "demo", capabilities: { endpoints: ["responses"] } },
      }),
    });
    const admin = adminOf(gateway);
    for (const path of ["/admin/spend?user=%00", "/admin/keys/%00", "/admin/traces/a%00b"]) {
      expect([path, (await admin("GET", path)).status]).toEqual([path, 400]);
    }
    const body = { model: "demo/demo", input: "Hello", previous_response_id: "resp_\u0000" };
    expect((await gateway.post("/v1/responses", body)).status).toBe(404);
  });

  describe("two gateways", () => {
    test("see each other's rows", async () => {
      const [one, other] = [await start(), await start()];
      for (const gateway of [one, one, other]) expect(await ask(gateway)).toBe(200);
      expect(await requests(other)).toBeGreaterThanOrEqual(1);
      for (const gateway of [one, other]) {
        await until(async () => ((await requests(gateway)) === 3 ? true : null));
      }
      // The key that one of them made at its first start is everybody's.
      expect(await ask(other, one.key)).toBe(200);
    });

    test("know a key when it is made, and within a second that it is revoked", async () => {
      const [one, other] = [await start(), await start()];
      const made = await adminOf(one)("POST", "/admin/keys", { name: "shared" });
      const { secret, key } = made.body;
      expect(await ask(one, secret)).toBe(200);
      await until(async () => ((await ask(other, secret)) === 200 ? true : null));
      await adminOf(one)("DELETE", `/admin/keys/${key.id}`);
      expect(await ask(one, secret)).toBe(401);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(await ask(other, secret)).toBe(401);
    });

    test("obey the same caps, limits and content mode, whoever sets them", async () => {
      const [one, other] = [await start(), await start()];
      const [onOne, onOther] = [adminOf(one), adminOf(other)];
      const cap = await onOne("POST", "/admin/caps", {
        scope: "org",
        unit: "tokens",
        amount: 0,
        window: "day",
      });
      await until(async () => ((await ask(other)) === 429 ? true : null));
      await onOther("DELETE", `/admin/caps/${cap.body.id}`);
      await until(async () => ((await ask(one)) === 200 ? true : null));
      const limit = { scope: "key", requests_per_minute: 0 };
      expect((await onOther("POST", "/admin/limits", limit)).status).toBe(201);
      await until(async () => ((await ask(one)) === 429 ? true : null));
      const changed = await onOne("PUT", "/admin/privacy", { requested: "encrypted" });
      expect(changed.status).toBe(200);
      const mode = async () => (await onOther("GET", "/admin/privacy")).body.requested;
      await until(async () => ((await mode()) === "encrypted" ? true : null));
    });

    test("never let pass more than fits, however many requests come to both at once", async () => {
      const [one, other] = [await start(), await start()];
      const { id } = (
        await adminOf(one)("POST", "/admin/caps", {
          scope: "org",
          unit: "tokens",
          amount: 1_000,
          window: "day",
        })
      ).body;
      await until(async () => {
        const { caps } = (await adminOf(other)("GET", "/admin/caps")).body;
        return caps.length === 1 ? true : null;
      });
      let passed = 0;
      // Until nothing fits any more.
      for (let round = 0; round < 10; round++) {
        const statuses = await Promise.all(
          Array.from({ length: 60 }, (_, n) => ask(n % 2 === 0 ? one : other)),
        );
        expect(new Set([...statuses, 200, 429])).toEqual(new Set([200, 429]));
        const now = statuses.filter((status) => status === 200).length;
        passed += now;
        if (now === 0) break;
      }
      const { usage } = (await adminOf(other)("GET", `/admin/caps/${id}`)).body;
      const { totals } = (await adminOf(one)("GET", "/admin/spend?outcome=ok")).body;
      const used = totals.input_tokens + totals.output_tokens;
      expect([totals.requests, usage]).toMatchObject([
        passed,
        [{ used: String(used), reserved: "0" }],
      ]);
      expect(used).toBeLessThanOrEqual(1_000);
      expect(used).toBeGreaterThan(900);
    });

    test("tell of a threshold once", async () => {
      const [one, other] = [await start(), await start()];
      await adminOf(one)("POST", "/admin/caps", {
        scope: "org",
        unit: "tokens",
        amount: 30,
        window: "day",
        mode: "soft",
      });
      await until(async () => {
        const { caps } = (await adminOf(other)("GET", "/admin/caps")).body;
        return caps.length === 1 ? true : null;
      });
      for (let n = 0; n < 6; n++) await ask(n % 2 === 0 ? one : other);
      // Both have seen it.
      for (const gateway of [one, other]) await adminOf(gateway)("GET", "/admin/caps");
      const { entries } = await until(async () => {
        const { body } = await adminOf(one)("GET", "/admin/audit?action=cap.exceeded");
        return body.entries.length > 0 ? body : null;
      });
      expect(entries).toHaveLength(1);
    });
  });

  describe("the keys that gateways share", () => {
    const NEXT = "ef".repeat(32);
    const ready = async (gateway: TestGateway) => {
      const { status, body } = await adminOf(gateway)("GET", "/readyz");
      return [status, body.checks.keys];
    };
    const entries = async (gateway: TestGateway) =>
      (await adminOf(gateway)("GET", "/admin/audit?action=keys.share")).body.entries;

    test("are the first one's: another does not start with others, and is told which and what to do", async () => {
      const first = await start();
      const refused = (more: Record<string, string>) =>
        start(more).then(
          () => "started",
          (error: unknown) => (error instanceof Error ? error.message : "not an error"),
        );
      const text = await refused({ ANYRAY_CONTENT_KEY: NEXT, ANYRAY_AUDIT_KEY: NEXT });
      for (const word of ["2 faults", "ANYRAY_CONTENT_KEY is", "ANYRAY_AUDIT_KEY is", "RETIRED"]) {
        expect([word, text.includes(word)]).toEqual([word, true]);
      }
      const kids = [SECRETS.ANYRAY_CONTENT_KEY, NEXT].map(keyId);
      expect(kids.filter((kid) => !text.includes(kid))).toEqual([]);
      expect([text.includes(SECRETS.ANYRAY_CONTENT_KEY), text.includes(NEXT)]).toEqual([
        false,
        false,
      ]);
      expect(await refused({ ANYRAY_AUDIT_KEY: NEXT })).not.toContain("ANYRAY_CONTENT_KEY is");
      expect(await ready(await start())).toEqual([200, { state: "ok", code: null }]);
      expect(await entries(first)).toHaveLength(1);
    });

    test("are one gateway's, also where two start at once with different ones", async () => {
      const started = await Promise.allSettled([
        start(),
        start({ ANYRAY_CONTENT_KEY: NEXT }),
        start(),
        start({ ANYRAY_CONTENT_KEY: NEXT }),
      ]);
      const isUp = started.map(({ status }) => status === "fulfilled");
      expect([isUp[0], isUp[1]]).toEqual([isUp[2], isUp[3]]);
      expect(isUp[0]).toBe(!isUp[1]);
      for (const gateway of gateways) expect((await ready(gateway))[1].state).toBe("ok");
    });

    test("are renewed one gateway after another; who still has the former one says so", async () => {
      const [one, other] = [await start(), await start()];
      const next = {
        ANYRAY_CONTENT_KEY: NEXT,
        ANYRAY_CONTENT_KEYS_RETIRED: SECRETS.ANYRAY_CONTENT_KEY,
      };
      const renewed = await start(next);
      expect(await ready(renewed)).toEqual([200, { state: "ok", code: null }]);
      const late = { state: "degraded", code: "content_key_former" };
      for (const gateway of [one, other]) {
        await until(async () => {
          const [, check] = await ready(gateway);
          return check.code === late.code ? true : null;
        });
      }
      // It crashed meanwhile, and has not been given the new key yet.
      const behind = await start();
      expect([await ready(behind), await ask(behind)]).toEqual([[200, late], 200]);
      // The former key is no longer needed; nobody takes the setting back.
      expect(await ready(await start({ ANYRAY_CONTENT_KEY: NEXT }))).toEqual([
        200,
        { state: "ok", code: null },
      ]);
      expect((await entries(renewed)).map(({ after }: { after: object }) => after)).toMatchObject([
        { content_kid: keyId(NEXT) },
        { content_kid: keyId(SECRETS.ANYRAY_CONTENT_KEY) },
      ]);
    });

    test("are not said by whoever comes first, where what is sealed belongs to others", async () => {
      const first = await start();
      const acme = { id: "acme", kind: "openai", api_key: "sk-12345678" };
      expect((await adminOf(first)("POST", "/admin/providers", acme)).status).toBe(201);
      const database = new URL(env["ANYRAY_DB_URL"] ?? "").pathname.slice(1);
      // As an earlier version left it.
      postgres.psql(database, "delete from setting where name = 'keys.shared'");
      await first.stop();
      gateways = [];
      const claiming = start({ ANYRAY_CONTENT_KEY: NEXT });
      await expect(claiming).rejects.toThrow(keyId(SECRETS.ANYRAY_CONTENT_KEY));
      expect(await ready(await start())).toEqual([200, { state: "ok", code: null }]);
    });

    test("are said anew by the next one that starts, once they were released", async () => {
      const first = await start();
      await releaseSharedKeys(first.store, Date.now());
      const second = await start({ ANYRAY_CONTENT_KEY: NEXT, ANYRAY_AUDIT_KEY: NEXT });
      expect(await ready(second)).toEqual([200, { state: "ok", code: null }]);
      await until(async () => {
        const [status, check] = await ready(first);
        return status === 200 && check.code === "content_key_other" ? true : null;
      });
      await expect(start()).rejects.toThrow("ANYRAY_CONTENT_KEY is");
    });
  });

  describe("while Postgres is away", () => {
    afterEach(() => postgres.start());

    test("requests are answered, the admin plane says so, and afterwards every row is there", async () => {
      const gateway = await start();
      const admin = adminOf(gateway);
      await ask(gateway);
      expect(await requests(gateway)).toBe(1);
      await postgres.stop();
      for (let n = 0; n < 20; n++) expect(await ask(gateway)).toBe(200);
      for (const path of ["/admin/spend", "/admin/spend/records", "/admin/keys", "/admin/traces"]) {
        const { status, body } = await admin("GET", path);
        expect([path, status, body.error.code]).toEqual([path, 503, "store_unavailable"]);
      }
      expect((await admin("POST", "/admin/keys", { name: "late" })).status).toBe(503);
      const ready = await admin("GET", "/readyz");
      expect([ready.status, ready.body.status, ready.body.checks.database]).toEqual([
        200,
        "degraded",
        { state: "degraded", code: "database_away" },
      ]);
      expect((await admin("GET", "/admin/health")).body.database_rows_waiting).toBe(20);
      expect((await admin("GET", "/metrics")).body).toContain("anyray_database_rows_waiting 20");
      await postgres.start();
      await until(async () => {
        const { status } = await admin("GET", "/admin/spend");
        return status === 200 ? true : null;
      });
      expect(await requests(gateway)).toBe(21);
      expect((await admin("GET", "/readyz")).body.status).toBe("ok");
    });

    test("a hard cap refuses what it can't count, a soft one counts later", async () => {
      const gateway = await start();
      const admin = adminOf(gateway);
      const cap = { scope: "user", unit: "tokens", amount: 100_000, window: "day" };
      await admin("POST", "/admin/caps", { ...cap, scope_id: "ann" });
      const soft = (await admin("POST", "/admin/caps", { ...cap, scope: "org", mode: "soft" }))
        .body;
      const askAs = async (user: string) => {
        const answer = await gateway.post("/v1/chat/completions", BODY, {
          "x-anyray-metadata": JSON.stringify({ user }),
        });
        return { status: answer.status, body: await answer.json() };
      };
      expect([(await askAs("ann")).status, (await askAs("bob")).status]).toEqual([200, 200]);
      await postgres.kill();
      const { status, body } = await askAs("ann");
      expect([status, body.error.code]).toEqual([503, "store_unavailable"]);
      expect((await askAs("bob")).status).toBe(200);
      await postgres.start();
      const used = await until(async () => {
        const answer = await admin("GET", `/admin/caps/${soft.id}`);
        return answer.status === 200 ? answer.body.usage[0] : null;
      });
      const { totals } = (await admin("GET", "/admin/spend?outcome=ok")).body;
      expect(totals.requests).toBe(3);
      expect(used).toMatchObject({
        used: String(totals.input_tokens + totals.output_tokens),
        reserved: "0",
      });
      expect((await askAs("ann")).status).toBe(200);
    });
  });

  test("a gateway that starts while Postgres is away serves with what it knew, and catches up", async () => {
    const first = await startGateway(env);
    const { secret } = (await adminOf(first)("POST", "/admin/keys", { user: "ann" })).body;
    const { dataDir, gateway } = first;
    const cap = { scope: "user", scope_id: "bob", unit: "tokens", amount: 0, window: "day" };
    await adminOf(first)("POST", "/admin/caps", cap);
    await postgres.stop();
    await gateway.drain();
    await gateway.close();
    const second = await startGateway(env, dataDir);
    gateways.push(second);
    expect(await ask(second, secret)).toBe(200);
    const asBob = await second.post("/v1/chat/completions", BODY, {
      "x-anyray-metadata": JSON.stringify({ user: "bob" }),
    });
    expect(asBob.status).toBe(503);
    await postgres.start();
    await until(async () => {
      const { status } = await adminOf(second)("GET", "/readyz");
      const { body } = await adminOf(second)("GET", "/admin/spend?group_by=user");
      return status === 200 && body.totals?.requests === 2 ? true : null;
    });
  });

  test("the database stands among the places that the gateway may connect to", async () => {
    const gateway = await start();
    await ask(gateway);
    const { destinations } = (await adminOf(gateway)("GET", "/admin/boundary")).body;
    const place = destinations.find(({ name }: { name: string }) => name === "database");
    expect(place).toMatchObject({
      origin: `postgres://127.0.0.1:${postgres.port}`,
      reason: "database",
      allowed: true,
    });
    expect(place.bytes_sent).toBeGreaterThan(1_000);
    // No word of who may open it.
    expect(JSON.stringify(destinations)).not.toContain("anyray@");
  });
});
