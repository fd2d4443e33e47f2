/**
 * The gateway as a process of its own, as an operator runs it: for tests that need real sockets, or a kill. Runs on the
 * runtime that runs the test. What the tests expect of it does not belong here.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseSecretsText, SECRETS_FILE } from "../config/secrets-file.ts";
import type { LedgerRecord } from "../routes/admin/spend-json.ts";

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;
const PAGE_ROWS = 1000;
const PATTERN = /^Anyray serves (http:\/\/\S+)/;

const isDeno = "Deno" in globalThis;
const MAIN = fileURLToPath(new URL(isDeno ? "../deno.ts" : "../main.ts", import.meta.url));

export interface GatewayProcess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly clientKey: string;
  readonly adminToken: string;
  /** All rows that match the query's filters, newest first. Throws if the admin plane refuses. */
  records(query?: Readonly<Record<string, string>>): Promise<readonly LedgerRecord[]>;
  /** All that it wrote to its standard streams so far, up to 10 MB. */
  output(): string;
  /** `kill -9`; resolves once the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM: drains. Resolves with the exit code; a process that doesn't stop in time is killed (null). */
  stop(): Promise<number | null>;
}

/** A data directory that `remove` takes away. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "anyray-process-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface GatewaySettings {
  readonly dataDir: string;
  /** The value of `ANYRAY_PROVIDERS`. */
  readonly providers: object;
  /** Beside the above; nothing of the test's own environment is handed on but the PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than the gateway's own: one that leaks on purpose. */
  readonly main?: string;
}

/** Resolves once it listens, on a free port of loopback. Rejects with what it wrote if it ends before. */
export async function startGateway(settings: GatewaySettings): Promise<GatewayProcess> {
  const child = spawn(
    process.execPath,
    [...(isDeno ? ["run", "-A", "--no-check"] : ["--no-env-file"]), settings.main ?? MAIN],
    {
      env: {
        PATH: process.env["PATH"],
        HOME: settings.dataDir,
        ANYRAY_DATA_DIR: settings.dataDir,
        ANYRAY_PORT: "0",
        ANYRAY_PROVIDERS: JSON.stringify(settings.providers),
        ...(isDeno ? { DENO_DIR: process.env["DENO_DIR"] ?? join(tmpdir(), "anyray-deno") } : {}),
        ...settings.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  const collect = (chunk: Uint8Array): void => {
    if (output.length < 10_000_000) output += String(chunk);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const gone = new Promise<number | null>((resolve) => child.once("close", resolve));
  const url = await listening(child);
  const secrets = readSecrets(settings.dataDir);
  return {
    url,
    ...secrets,
    output: () => output,
    records: (query = {}) => readRecords(url, secrets.adminToken, query),
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
    stop: async () => {
      child.kill("SIGTERM");
      const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      const code = await gone;
      clearTimeout(limit);
      return code;
    },
  };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = "";
    let err = "";
    const fail = () => reject(new Error(`the gateway did not start: ${out}${err}`));
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      fail();
    }, START_LIMIT_MS);
    child.once("close", () => {
      clearTimeout(limit);
      fail();
    });
    // Read to the end: a full pipe would stop the gateway.
    child.stderr?.on("data", (chunk: Uint8Array) => {
      if (err.length < 10_000) err += String(chunk);
    });
    child.stdout?.on("data", (chunk: Uint8Array) => {
      if (out.length < 10_000) out += String(chunk);
      const url = PATTERN.exec(out)?.[1];
      if (url === undefined || !out.includes("\n")) return;
      clearTimeout(limit);
      resolve(url);
    });
  });
}

function readSecrets(dataDir: string): { readonly clientKey: string; readonly adminToken: string } {
  const parsed = parseSecretsText(readFileSync(join(dataDir, SECRETS_FILE), "utf8"));
  const clientKey = parsed.ok ? parsed.values.get("ANYRAY_CLIENT_KEY") : undefined;
  const adminToken = parsed.ok ? parsed.values.get("ANYRAY_ADMIN_TOKEN") : undefined;
  if (clientKey === undefined || adminToken === undefined) throw new Error("no secrets were made");
  return { clientKey, adminToken };
}

async function readRecords(
  url: string,
  adminToken: string,
  query: Readonly<Record<string, string>>,
): Promise<readonly LedgerRecord[]> {
  const rows: LedgerRecord[] = [];
  let cursor: string | null = null;
  do {
    const search = new URLSearchParams({ ...query, limit: String(PAGE_ROWS) });
    if (cursor !== null) search.set("cursor", cursor);
    const response = await fetch(`${url}/admin/spend/records?${search}`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    if (!response.ok) throw new Error(`records: ${response.status} ${await response.text()}`);
    // Our own answer; its schema is checked where it is made.
    const page = (await response.json()) as {
      readonly records: readonly LedgerRecord[];
      readonly next_cursor: string | null;
    };
    rows.push(...page.records);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}
