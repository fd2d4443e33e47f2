/** A whole gateway for tests: the real configuration, store, egress and app, on a data directory of its own. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../db/open.ts";
import type { ClientKey, LedgerRow, Store } from "../../db/store.ts";
import { reachDatabase } from "../cli/reach-database.ts";
import { createClientKeyId, createClientKeySecret, parseClientKey } from "../client-key.ts";
import { loadConfig } from "../config/load.ts";
import { ensureSecrets } from "../config/secret.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import { randomBytes } from "node:crypto";

export interface TestGateway {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly dataDir: string;
  readonly adminToken: string;
  /** The first client key's secret. */
  readonly key: string;
  /** Log lines so far. */
  readonly log: readonly string[];
  /** Through the front door. A path alone means this gateway. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** `POST` with JSON (a string goes as it is) and the first client key. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** All rows, oldest first. */
  rows(): Promise<readonly LedgerRow[]>;
  /** Waits until there are as many rows. Rejects after two seconds. */
  waitForRows(count: number): Promise<readonly LedgerRow[]>;
  /** A further key. */
  addKey(key: Partial<ClientKey>): Promise<{ secret: string; id: string }>;
  stop(): Promise<void>;
}

/** @param env settings besides the data directory */
export async function startGateway(
  env: Record<string, string> = {},
  dataDir = mkdtempSync(join(tmpdir(), "anyray-test-")),
): Promise<TestGateway> {
  const config = loadConfig(
    // The sealing thread is for the tests that look at content.
    { ANYRAY_DATA_DIR: dataDir, ANYRAY_DRAIN_MS: "1000", ANYRAY_CONTENT_MODE: "off", ...env },
    (path) => readFileSync(path, "utf8"),
    ensureSecrets,
  );
  const { database, databaseReport } = reachDatabase(config.database);
  const store = await openStore({ dataDir, ledgerSync: config.ledgerSync, database });
  const log: string[] = [];
  const gateway = await createGateway(config, {
    store,
    databaseReport,
    clock: { now: Date.now, monotonic: () => performance.now() },
    logLine: (line) => log.push(line),
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const key = config.secrets.clientKey;
  const fetchHere = (path: string, init?: RequestInit): Promise<Response> =>
    gateway.app.fetch(new Request(`http://localhost${path}`, init));
  const rows = async (): Promise<readonly LedgerRow[]> => {
    const newestFirst = await store.ledger.records({
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      where: {},
      limit: 1000,
      beforeId: null,
    });
    return newestFirst.toReversed();
  };
  return {
    gateway,
    store,
    dataDir,
    adminToken: config.secrets.adminToken,
    key,
    log,
    fetch: fetchHere,
    post: (path, body, headers = {}) =>
      fetchHere(path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    rows,
    async waitForRows(count) {
      for (let i = 0; i < 200; i++) {
        const found = await rows();
        if (found.length >= count) return found;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`waited for ${count} rows, found ${(await rows()).length}`);
    },
    async addKey(partial) {
      const secret = createClientKeySecret(randomBytes);
      const parsed = parseClientKey(secret);
      if (parsed === null) throw new Error("a new key must parse");
      const id = createClientKeyId(randomBytes);
      await store.keys.create({
        id,
        secretHash: parsed.hash,
        display: parsed.display,
        name: null,
        user: null,
        team: null,
        metadata: null,
        passthrough: null,
        models: null,
        createdAtMs: Date.now(),
        expiresAtMs: null,
        revokedAtMs: null,
        description: null,
        endpoints: null,
        previousHash: null,
        previousUntilMs: null,
        ...partial,
      });
      return { secret, id };
    },
    async stop() {
      await gateway.drain();
      await gateway.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The `ANYRAY_PROVIDERS` for one OpenAI-compatible and one Anthropic provider at the same place. */
export function providersAt(url: string, openai: object = {}, anthropic: object = {}): string {
  return JSON.stringify({
    mock: {
      kind: "openai-compatible",
      base_url: `${url}/v1`,
      api_key: "sk-upstream-secret",
      models: ["m"],
      ...openai,
    },
    claude: {
      kind: "anthropic",
      base_url: url,
      api_key: "sk-ant-secret",
      models: ["c"],
      ...anthropic,
    },
  });
}

/** A streamed body's text, and whether it ended cleanly. */
export async function readAll(response: Response): Promise<{ text: string; isClean: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  const reader = response.body?.getReader();
  if (reader === undefined) return { text, isClean: true };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), isClean: true };
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return { text, isClean: false };
  }
}
