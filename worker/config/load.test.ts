import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createClientKeySecret } from "../client-key.ts";
import { ConfigError } from "./fault.ts";
import { type Config, loadConfig, loadPriceIds, loadStoreLocation } from "./load.ts";
import type { MadeSecret, OpenSecrets } from "./secret.ts";

const CLIENT_KEY = createClientKeySecret(randomBytes);
const OTHER_CLIENT_KEY = createClientKeySecret(randomBytes);
const SECRETS: Readonly<Record<MadeSecret, string>> = {
  ANYRAY_ADMIN_TOKEN: "aat_from-the-file",
  ANYRAY_CONTENT_KEY: "ab".repeat(32),
  ANYRAY_CLIENT_KEY: CLIENT_KEY,
  ANYRAY_AUDIT_KEY: "cd".repeat(32),
};

type Texts = Readonly<Record<string, string>>;

interface Outside {
  readonly files?: Texts;
  /** What `secrets.env` holds before the start. */
  readonly kept?: Texts;
  readonly opened?: (directory: string, names: readonly string[]) => void;
}

function load(env: Texts, { files = {}, kept = {}, opened = () => {} }: Outside = {}): Config {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: "ENOENT" });
    return text;
  };
  const openSecrets: OpenSecrets = (directory, names) => {
    opened(directory, names);
    const values = new Map(Object.entries(kept));
    const made = names.filter((name) => !values.has(name));
    for (const name of made) values.set(name, SECRETS[name]);
    return { values, path: `${directory}/secrets.env`, created: made.length > 0, made };
  };
  return loadConfig(env, readFile, openSecrets);
}

/** The fault lines, without the title. */
function faults(env: Texts, outside: Outside = {}): readonly string[] {
  try {
    load(env, outside);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message.split("\n").length).toBe(error.faults.length + 1);
    return error.faults.map(({ where, problem }) => `${where} ${problem}`);
  }
  return [];
}

const providers = (json: unknown): Texts => ({ ANYRAY_PROVIDERS: JSON.stringify(json) });

describe("the configuration without any setting", () => {
  const config = load({});

  test("has the documented defaults", () => {
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 8787 });
    expect(config.dataDir).toBe("./data");
    expect(config.ledgerSync).toBe("normal");
    expect(config.timeouts).toEqual({
      connectMs: 10_000,
      firstByteMs: 600_000,
      idleMs: 600_000,
      totalMs: 0,
    });
    expect(config.limits).toEqual({
      maxBodyBytes: 33_554_432,
      keepAliveMs: 15_000,
      drainMs: 30_000,
    });
  });

  test("serves the demo alone", () => {
    expect(config.providers.map(({ name, kind }) => [name, kind])).toEqual([["demo", "demo"]]);
  });

  test("takes the secrets that were made for it", () => {
    expect(config.secrets).toEqual({
      adminToken: SECRETS.ANYRAY_ADMIN_TOKEN,
      contentKey: SECRETS.ANYRAY_CONTENT_KEY,
      retiredContentKeys: [],
      clientKey: CLIENT_KEY,
      metricsToken: null,
      auditKey: SECRETS.ANYRAY_AUDIT_KEY,
    });
    expect(config.secretsFile).toEqual({
      path: "./data/secrets.env",
      created: true,
      made: ["ANYRAY_ADMIN_TOKEN", "ANYRAY_CONTENT_KEY", "ANYRAY_CLIENT_KEY", "ANYRAY_AUDIT_KEY"],
    });
  });
});

describe("OpenTelemetry's own variables", () => {
  test("say how many traces leave the machine", () => {
    const share = (sampler: string, arg = "") =>
      load({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg }).traces.sampledShare;
    expect(load({}).traces.sampledShare).toBe(1);
    expect([share("always_off"), share("parentbased_always_off", "0.5")]).toEqual([0, 0]);
    expect([share("traceidratio", "0.25"), share("parentbased_traceidratio")]).toEqual([0.25, 1]);
    for (const arg of ["1.01", "-1", "half", "1e-1"]) {
      expect(faults({ OTEL_TRACES_SAMPLER_ARG: arg })).toEqual([
        "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, such as 0.25.",
      ]);
    }
    expect(faults({ OTEL_TRACES_SAMPLER: "sometimes" })).toHaveLength(1);
  });

  test("say what the process is, by names that may leave, and the service's name by either variable", () => {
    const attributes = (text: string, env: Texts = {}): Texts => {
      const { traces } = load({ OTEL_RESOURCE_ATTRIBUTES: text, ...env });
      return { ...traces.resourceAttributes, as: traces.serviceName };
    };
    expect(attributes("deployment.environment.name=prod%2Deu, host.id=x,")).toEqual({
      "deployment.environment.name": "prod-eu",
      as: "anyray",
    });
    expect(attributes("service.name=llm")["as"]).toBe("llm");
    expect(attributes("service.name=llm", { OTEL_SERVICE_NAME: "gate" })["as"]).toBe("gate");
    for (const text of [
      "prod",
      "k8s.pod.name=%",
      "service.namespace=what a lot of words there are",
    ]) {
      const [fault = ""] = faults({ OTEL_RESOURCE_ATTRIBUTES: text });
      expect(fault).toStartWith("OTEL_RESOURCE_ATTRIBUTES ");
      expect(fault).not.toContain("words");
    }
  });
});

describe("settings", () => {
  test("name the metadata that is kept: names that fit everywhere, few, each once, none that is kept anyway", () => {
    const keys = (text: string) => load({ ANYRAY_METADATA_KEYS: text }).metadataKeys;
    expect([keys(""), keys("project, cost-centre")]).toEqual([[], ["project", "cost-centre"]]);
    const eight = Array.from({ length: 8 }, (_, at) => `k${at}`).join(",");
    expect(keys(eight)).toHaveLength(8);
    for (const text of ["user", "a b", "a.b", "1a", "a,sessionId", "a,a", `${eight},k8`]) {
      const found = faults({ ANYRAY_METADATA_KEYS: text });
      expect([text, found.length, found[0]?.split(" ")[0]]).toEqual([
        text,
        1,
        "ANYRAY_METADATA_KEYS",
      ]);
    }
  });

  test("count as unset when they are empty", () => {
    const config = load({
      ANYRAY_PORT: "",
      OPENAI_API_KEY: "",
      ANYRAY_PROVIDERS: "",
      ANYRAY_NO: "",
    });
    expect(config.listen.port).toBe(8787);
    expect(config.providers[0]?.name).toBe("demo");
  });

  test("that are faulty are listed all at once, by name and without their values", () => {
    const env = {
      ANYRAY_PORT: "8o87",
      ANYRAY_HOST: "http://secret",
      ANYRAY_LEDGER_SYNC: "secret",
      ANYRAY_TIMEOUT_IDLE_MS: "-1",
      ANYRAY_TIMEOUT_CONNECT_MS: "0",
      ANYRAY_MAX_BODY_BYTES: "1e3",
      ANYRAY_CONTENT_KEY: "secret",
      ANYRAY_CLIENT_KEY: `${CLIENT_KEY}x`,
      ANYRAY_ADMIN_TOKEN: "secret",
      OPENAI_BASE_URL: "http://secret.example.com",
      ANYRAY_PUBLIC_URL: "https://secret.example.com/v1",
      ANYRAY_CONSOLE_URL: "secret.example.com",
      ANYRAY_PROVIDERS: '{"groq":{"kind":"secret","api_key":"secret"}}',
    };
    const lines = faults(env);
    expect(lines.map((line) => line.split(" ")[0]).sort()).toEqual(
      [
        ...Object.keys(env).filter((name) => name !== "ANYRAY_PROVIDERS"),
        "ANYRAY_PROVIDERS.groq.kind",
      ].sort(),
    );
    expect(lines.join("\n")).not.toContain("secret");
  });

  test("that name places for browsers and tools are origins, or nothing", () => {
    expect(load({}).console).toMatchObject({ url: null, publicGatewayUrl: null });
    const env = {
      ANYRAY_CONSOLE_URL: "https://a.example/",
      ANYRAY_PUBLIC_URL: "https://b.example",
    };
    expect(load(env).console).toMatchObject({
      url: "https://a.example",
      publicGatewayUrl: "https://b.example",
    });
  });

  test("with a misspelt name stop the start and say what was meant", () => {
    expect(faults({ ANYRAY_LEGDER_SYNC: "full" })).toEqual([
      "ANYRAY_LEGDER_SYNC is not a setting of this version. Did you mean ANYRAY_LEDGER_SYNC?",
    ]);
    expect(faults({ anyray_port: "1" })[0]).toContain("Did you mean ANYRAY_PORT?");
    expect(faults({ ANYRAY_FOO: "1" })[0]).toEndWith("Unset it.");
    expect(faults({ ANYRAY_ADMIN_TOKEN_FIEL: "x" })[0]).toContain("ANYRAY_ADMIN_TOKEN_FILE?");
    expect(faults({ ANYRAY_HTTP_PROXY: "x" })[0]).toContain("a proxy would choose another");
    expect(faults({ OTHER_PORT: "1" })).toEqual([]);
  });
});

describe("secrets", () => {
  test("come from the environment before the file of that name before secrets.env", () => {
    const kept = { ANYRAY_ADMIN_TOKEN: "in-secrets.env" };
    const files = { "/run/token": "in-a-file\n" };
    expect(load({}, { kept }).secrets.adminToken).toBe("in-secrets.env");
    const viaFile = { ANYRAY_ADMIN_TOKEN_FILE: "/run/token" };
    expect(load(viaFile, { kept, files }).secrets.adminToken).toBe("in-a-file");
    const viaEnvironment = { ANYRAY_ADMIN_TOKEN: "in-the-environment" };
    expect(load(viaEnvironment, { kept }).secrets.adminToken).toBe("in-the-environment");
  });

  test("given twice are a fault", () => {
    const env = { OPENAI_API_KEY: "sk-secret", OPENAI_API_KEY_FILE: "/run/key" };
    expect(faults(env)).toEqual([
      "OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set. Unset one.",
    ]);
  });

  test("from a file that is missing or empty are a fault of the _FILE variable", () => {
    const files = { "/empty": " \n" };
    expect(faults({ ANYRAY_METRICS_TOKEN_FILE: "/nowhere" })).toEqual([
      "ANYRAY_METRICS_TOKEN_FILE names a file, but there is no such file.",
    ]);
    expect(faults({ ANYRAY_METRICS_TOKEN_FILE: "/empty" }, { files })).toEqual([
      "ANYRAY_METRICS_TOKEN_FILE names an empty file.",
    ]);
  });

  test("that are wrong in secrets.env are named with it", () => {
    expect(faults({}, { kept: { ANYRAY_CONTENT_KEY: "short", ANYRAY_PORT: "1" } })).toEqual([
      "ANYRAY_PORT (in secrets.env) is not a secret of this version. Set it in the environment.",
      "ANYRAY_CONTENT_KEY (in secrets.env) must be 32 bytes in hex or base64.",
    ]);
  });

  test("are made only for the names that nobody gave, in the directory for secrets", () => {
    const calls: [string, readonly string[]][] = [];
    const config = load(
      { ANYRAY_SECRETS_DIR: "/keys", ANYRAY_CLIENT_KEY: OTHER_CLIENT_KEY },
      { opened: (directory, names) => calls.push([directory, names]) },
    );
    expect(calls).toEqual([
      ["/keys", []],
      ["/keys", ["ANYRAY_ADMIN_TOKEN", "ANYRAY_CONTENT_KEY", "ANYRAY_AUDIT_KEY"]],
    ]);
    expect(config.secrets.clientKey).toBe(OTHER_CLIENT_KEY);
  });

  test("are not made at all while anything is wrong, or where all are given", () => {
    const asked: string[] = [];
    const opened = (_: string, names: readonly string[]): void => void asked.push(...names);
    expect(faults({ ANYRAY_PORT: "x" }, { opened }).length).toBe(1);
    expect(load(SECRETS, { opened }).secretsFile).toBeNull();
    expect(asked).toEqual([]);
  });

  test("hold the content key in hex, however it was written", () => {
    const bytes = new Uint8Array(32).fill(251);
    const hex = "fb".repeat(32);
    for (const text of [
      hex.toUpperCase(),
      bytes.toBase64(),
      bytes.toBase64({ alphabet: "base64url" }),
      bytes.toBase64({ alphabet: "base64url", omitPadding: true }),
    ]) {
      expect(load({ ANYRAY_CONTENT_KEY: text }).secrets.contentKey).toBe(hex);
    }
    for (const size of [31, 33, 16, 48]) {
      const text = new Uint8Array(size).fill(251).toBase64();
      expect(faults({ ANYRAY_CONTENT_KEY: text }).length).toBe(1);
    }
  });
});

describe("providers", () => {
  test("come from the SDKs' variables first, then from ANYRAY_PROVIDERS in its order", () => {
    const config = load({
      OPENAI_API_KEY: "sk-1",
      ANTHROPIC_API_KEY: "sk-ant-1",
      ANYRAY_PROVIDERS: `{
        "zeta": { "kind": "openai-compatible", "base_url": "https://api.groq.com/openai/v1" },
        "1": { "kind": "demo" },
        "anthropic": { "kind": "anthropic", "api_key": "sk-ant-2" }
      }`,
    });
    expect(config.providers.map(({ name, apiKey }) => [name, apiKey])).toEqual([
      ["openai", "sk-1"],
      ["anthropic", "sk-ant-2"],
      ["zeta", null],
      ["1", null],
    ]);
  });

  test("turned on by a key are where their SDK would look, and not allowed inside", () => {
    const [openai, anthropic] = load({ OPENAI_API_KEY: "a", ANTHROPIC_API_KEY: "b" }).providers;
    expect(openai).toEqual({
      name: "openai",
      kind: "openai",
      baseUrl: new URL("https://api.openai.com/v1"),
      apiKey: "a",
      auth: "bearer",
      headers: [],
      query: [],
      models: null,
      capabilities: {
        streamUsage: true,
        endpoints: new Set(["chat", "completions", "responses", "embeddings"]),
      },
      allowPrivate: false,
      priceId: "openai",
    });
    expect(anthropic?.baseUrl.href).toBe("https://api.anthropic.com/");
    expect(anthropic?.auth).toBe("x-api-key");
    expect([...(anthropic?.capabilities.endpoints ?? [])]).toEqual(["messages", "count_tokens"]);
  });

  test("turned on by a base URL alone have no credential of ours, and may be inside", () => {
    const [provider] = load({ OPENAI_BASE_URL: "http://127.0.0.1:9/v1/" }).providers;
    expect(provider?.baseUrl.href).toBe("http://127.0.0.1:9/v1");
    expect([provider?.apiKey, provider?.auth, provider?.allowPrivate]).toEqual([
      null,
      "none",
      true,
    ]);
    expect(provider?.priceId).toBe("openai");
  });

  test("take every field that the documentation names", () => {
    const [provider] = load({
      AZURE_KEY: "az-1",
      EXTRA: "two words",
      ...providers({
        azure: {
          kind: "openai-compatible",
          base_url: "https://example.openai.azure.com/openai/v1/",
          api_key: "${AZURE_KEY}",
          auth: "api-key",
          headers: { "X-Extra": "<${EXTRA}>", authorization: "Basic abc" },
          query: { "api-version": "preview" },
          models: ["gpt-4o", "o3-mini"],
          capabilities: {
            stream_usage: false,
            endpoints: ["rerank", "responses", "chat", "files"],
          },
        },
      }),
    }).providers;
    expect(provider).toEqual({
      name: "azure",
      kind: "openai-compatible",
      baseUrl: new URL("https://example.openai.azure.com/openai/v1"),
      apiKey: "az-1",
      auth: "api-key",
      headers: [
        ["x-extra", "<two words>"],
        ["authorization", "Basic abc"],
      ],
      query: [["api-version", "preview"]],
      models: ["gpt-4o", "o3-mini"],
      capabilities: {
        streamUsage: false,
        endpoints: new Set(["chat", "responses", "files", "rerank"]),
      },
      allowPrivate: true,
      priceId: "azure",
    });
  });

  test("may stand in a file", () => {
    const files = { "p.json": '\n{"local":{"kind":"demo"}}' };
    expect(load({ ANYRAY_PROVIDERS: "p.json" }, { files }).providers[0]?.name).toBe("local");
    expect(faults({ ANYRAY_PROVIDERS: "q.json" })).toEqual([
      "ANYRAY_PROVIDERS does not begin with { and names no readable file: there is no such file.",
    ]);
  });

  test("say where their JSON is broken", () => {
    expect(faults({ ANYRAY_PROVIDERS: '{"a":{"kind":"demo"},\n"a":{}}' })).toEqual([
      "ANYRAY_PROVIDERS cannot be read: the JSON has the same key twice at line 2, column 1.",
    ]);
  });

  test("have their price data by host, then by name, then by kind, unless told", () => {
    const priceId = (name: string, entry: Record<string, unknown>): unknown =>
      load(providers({ [name]: { kind: "openai-compatible", ...entry } })).providers[0]?.priceId;
    expect(priceId("x", { base_url: "https://api.groq.com/openai/v1" })).toBe("groq");
    expect(priceId("mistral", { base_url: "http://relay:8000/v1" })).toBe("mistral");
    expect(priceId("my-openai", { base_url: "http://relay:8000/v1" })).toBeNull();
    expect(priceId("x", { kind: "anthropic", base_url: "http://relay:8000" })).toBe("anthropic");
    expect(priceId("x", { base_url: "http://relay:8000", price_id: "x-ai" })).toBe("x-ai");
    expect(priceId("groq", { base_url: "http://relay:8000", price_id: null })).toBeNull();
  });
});

describe("a faulty provider", () => {
  const good = { kind: "openai-compatible", base_url: "http://host:1/v1" };
  const faultsOf = (entry: Record<string, unknown>, env: Texts = {}): readonly string[] =>
    faults({ ...env, ...providers({ p: { ...good, ...entry } }) });

  for (const [what, entry, where] of [
    ["an unknown field", { apikey: "hunter2" }, "ANYRAY_PROVIDERS.p.apikey"],
    ["an unknown capability", { capabilities: { x: 1 } }, "ANYRAY_PROVIDERS.p.capabilities.x"],
    ["no address", { base_url: undefined }, "ANYRAY_PROVIDERS.p.base_url"],
    ["an address of the wrong type", { base_url: 1 }, "ANYRAY_PROVIDERS.p.base_url"],
    ["a metadata address", { base_url: "http://169.254.169.254/" }, "ANYRAY_PROVIDERS.p.base_url"],
    ["a key with spaces", { api_key: "hunter2 x" }, "ANYRAY_PROVIDERS.p.api_key"],
    ["an auth without a key", { auth: "bearer" }, "ANYRAY_PROVIDERS.p.auth"],
    ["a key without an auth", { auth: "none", api_key: "x" }, "ANYRAY_PROVIDERS.p.auth"],
    ["an unknown auth", { auth: "hunter2" }, "ANYRAY_PROVIDERS.p.auth"],
    [
      "a hop-by-hop header",
      { headers: { Connection: "x" } },
      "ANYRAY_PROVIDERS.p.headers.Connection",
    ],
    ["a host header", { headers: { host: "x" } }, "ANYRAY_PROVIDERS.p.headers.host"],
    ["an impossible header name", { headers: { "a\r\nb": "x" } }, "ANYRAY_PROVIDERS.p.headers"],
    [
      "a header with a line break",
      { headers: { a: "x\r\nb: hunter2" } },
      "ANYRAY_PROVIDERS.p.headers.a",
    ],
    ["a header twice", { headers: { a: "x", A: "y" } }, "ANYRAY_PROVIDERS.p.headers.A"],
    ["a header of the wrong type", { headers: { a: 1 } }, "ANYRAY_PROVIDERS.p.headers.a"],
    ["a query of the wrong type", { query: { a: ["x"] } }, "ANYRAY_PROVIDERS.p.query.a"],
    ["no models in its list", { models: [] }, "ANYRAY_PROVIDERS.p.models"],
    ["a model twice", { models: ["a", "a"] }, "ANYRAY_PROVIDERS.p.models"],
    [
      "a model that is prose",
      { models: ["a", "tell me a long story now"] },
      "ANYRAY_PROVIDERS.p.models[1]",
    ],
    [
      "an endpoint of another kind",
      { capabilities: { endpoints: ["messages"] } },
      "ANYRAY_PROVIDERS.p.capabilities.endpoints",
    ],
    [
      "a capability of the wrong type",
      { capabilities: { stream_usage: "yes" } },
      "ANYRAY_PROVIDERS.p.capabilities.stream_usage",
    ],
    ["an unknown price id", { price_id: "openais" }, "ANYRAY_PROVIDERS.p.price_id"],
    ["a demo with an address", { kind: "demo" }, "ANYRAY_PROVIDERS.p.base_url"],
  ] as const) {
    test(`with ${what} is named by its path`, () => {
      const lines = faultsOf(entry);
      expect(lines.map((line) => line.split(" ")[0])).toEqual([where]);
      expect(lines[0]).not.toContain("hunter2");
    });
  }

  test("with a header that the key already sets is refused", () => {
    expect(faultsOf({ api_key: "k", headers: { Authorization: "x" } })[0]).toContain(
      "is set from api_key.",
    );
  });

  test("with an impossible name is refused", () => {
    for (const name of ["Groq", "-a", "a/b", "", "a".repeat(65), "a\u001b[2J"]) {
      const lines = faults(providers({ [name]: good }));
      expect(lines.length).toBe(1);
      expect(lines[0]).not.toContain("\u001b");
    }
  });

  test("that is no object is refused", () => {
    expect(faults(providers({ p: "x" }))).toEqual([
      "ANYRAY_PROVIDERS.p must be an object with at least a kind.",
    ]);
  });
});

describe("${NAME}", () => {
  const withKey = (api_key: string): Texts =>
    providers({ p: { kind: "openai-compatible", base_url: "http://h", api_key } });

  test("expands from the environment, a file and secrets.env, and only once", () => {
    const env = { ...withKey("${A}-${B}-${C}"), A: "${B}", B_FILE: "/b" };
    const outside = { files: { "/b": "two\n" }, kept: { C: "three" } };
    expect(load(env, outside).providers[0]?.apiKey).toBe("${B}-two-three");
  });

  test("is a fault where it is missing, empty, broken or one of the gateway's own", () => {
    for (const [text, problem] of [
      ["${MISSING}", "needs the variable MISSING, which is not set."],
      ["${EMPTY}", "needs the variable EMPTY, which is not set."],
      ["${ANYRAY_ADMIN_TOKEN}", "may not use ${ANYRAY_ADMIN_TOKEN}"],
      ["${anyray_content_key}", "may not use"],
      ["${A", "has a `${` that is not followed by"],
      ["${A B}", "has a `${` that is not followed by"],
    ] as const) {
      const lines = faults({ ...withKey(text), A: "a", EMPTY: "" });
      expect(lines.length).toBe(1);
      expect(lines[0]).toContain(`ANYRAY_PROVIDERS.p.api_key ${problem}`);
    }
  });

  test("stays as it is in every other field", () => {
    const entry = { kind: "openai-compatible", base_url: "http://h", query: { a: "${A}" } };
    const [provider] = load({ ...providers({ p: entry }), A: "a" }).providers;
    expect(provider?.query).toEqual([["a", "${A}"]]);
  });
});

describe("aliases", () => {
  const p = { kind: "openai-compatible", base_url: "http://h", models: ["m", "org/m"] };

  test("name a model of a configured provider", () => {
    const config = load(providers({ aliases: { fast: "p/m", "my/best": "p/org/m" }, p }));
    expect([...config.aliases]).toEqual([
      ["fast", "p/m"],
      ["my/best", "p/org/m"],
    ]);
    expect(config.providers.length).toBe(1);
  });

  test("may name the demo that is served by default", () => {
    expect(load(providers({ aliases: { fast: "demo/echo" } })).aliases.get("fast")).toBe(
      "demo/echo",
    );
  });

  test("are refused where they name nothing", () => {
    for (const target of ["q/m", "p/x", "p/", "/m", "m", 1, null]) {
      const lines = faults(providers({ aliases: { fast: target }, p }));
      expect(lines.map((line) => line.split(" ")[0])).toEqual(["ANYRAY_PROVIDERS.aliases.fast"]);
    }
    expect(faults(providers({ aliases: { " a": "p/m" }, p })).length).toBe(1);
    expect(faults(providers({ aliases: ["p/m"], p })).length).toBe(1);
  });
});

describe("loadStoreLocation", () => {
  const readNothing = () => "";

  test("reads where the store is and nothing else", () => {
    const env = { ANYRAY_DATA_DIR: "/d", ANYRAY_PORT: "x", ANYRAY_ODD: "1" };
    const sqlite = { dataDir: "/d", ledgerSync: "normal", database: null } as const;
    expect(loadStoreLocation(env, readNothing)).toEqual(sqlite);
    const place = { host: "db", port: 5432, database: "d", user: "u", password: "", tls: null };
    expect(
      loadStoreLocation({ ...env, ANYRAY_DB_URL_FILE: "url" }, () => "postgres://u@db/d\n"),
    ).toEqual({ ...sqlite, database: place });
    expect(() => loadStoreLocation({ ANYRAY_LEDGER_SYNC: "x" }, readNothing)).toThrow(ConfigError);
    expect(() => loadStoreLocation({ ANYRAY_DB_URL: "mysql://x" }, readNothing)).toThrow(
      ConfigError,
    );
  });
});

describe("loadPriceIds", () => {
  test("knows configured providers without their keys, and others by the price data's own names", () => {
    const env = providers({
      fast: {
        kind: "openai-compatible",
        base_url: "https://api.groq.com/openai/v1",
        api_key: "${K}",
      },
      mistral: { kind: "openai-compatible", base_url: "http://h", price_id: null },
    });
    const priceIdOf = loadPriceIds({ ...env, ANYRAY_PORT: "x" }, () => "");
    expect(["fast", "mistral", "openai", "demo", "elsewhere"].map(priceIdOf)).toEqual([
      "groq",
      null,
      "openai",
      "demo",
      null,
    ]);
    expect(() => loadPriceIds({ ANYRAY_PROVIDERS: "{" }, () => "")).toThrow(ConfigError);
  });
});
