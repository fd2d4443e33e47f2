/**
 * What starting and ending a gateway is on every runtime: the main files add their listener between the two. Nothing about a
 * runtime's own server belongs here.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { openStore } from "../../db/open.ts";
import { StoreUnavailable } from "../../db/store.ts";
import { loadConfig, type Config } from "../config/load.ts";
import { removeProxyVariables } from "../config/proxy-variables.ts";
import { ensureSecrets } from "../config/secret.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import { firstTry } from "../pipeline/target.ts";
import { reachDatabase } from "./reach-database.ts";
import { createTerminal } from "./terminal.ts";
import { printWelcome } from "./welcome.ts";

/** For what was written last to leave. */
const FLUSH_MS = 250;

/** Environment → configuration → store → gateway. Rejects with what `failureText` words. */
export async function openGateway(): Promise<{ config: Config; gateway: Gateway }> {
  removeProxyVariables(process.env);
  const config = loadConfig(process.env, (path) => readFileSync(path, "utf8"), ensureSecrets);
  const { dataDir, ledgerSync } = config;
  const { database, databaseReport } = reachDatabase(config.database);
  const store = await openStore({ dataDir, ledgerSync, database });
  const gateway = await createGateway(config, {
    store,
    databaseReport,
    clock: { now: Date.now, monotonic: () => performance.now() },
    logLine: (line) => process.stderr.write(`${line}\n`),
  });
  return { config, gateway };
}

interface Listening {
  readonly config: Config;
  readonly gateway: Gateway;
  /** Where it really listens. */
  readonly port: number;
  /** Of the console beside it; null: none was started. */
  readonly consoleUrl: string | null;
}

/** What the operator reads once the gateway listens. */
export function greet({ config, gateway, port, consoleUrl }: Listening): void {
  const { routing, providers } = gateway.deps;
  printWelcome(
    {
      host: config.listen.host,
      port,
      consoleUrl,
      dataDir: config.dataDir,
      secretsFile: config.secretsFile,
      adminToken: config.secrets.adminToken,
      clientKey: config.secrets.clientKey,
      providers: routing.providers.map((provider) => provider.name),
      isDemo: providers.entries.every(({ settings }) => settings?.kind === "demo"),
      firstTry: firstTry(routing) ?? { endpoint: "chat", model: "provider/model" },
    },
    createTerminal(process.stdout, process.stderr, process.env),
  );
}

/**
 * What a signal to end calls: drains, closes, and ends the process. Further calls do nothing.
 * @param closeListener takes no more connections; resolves when those that are left have ended
 */
export function stopOnce(gateway: Gateway, closeListener: () => Promise<void>): () => void {
  let isStopping = false;
  const stop = async (): Promise<void> => {
    // Listening goes on meanwhile: who asks is told that this gateway drains (503), instead of finding nobody.
    await gateway.drain();
    const closed = closeListener();
    // The last bytes of the last answers are on their way.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
    await gateway.close();
    process.exit(0);
  };
  return () => {
    if (isStopping) return;
    isStopping = true;
    void stop();
  };
}

const LOGIN = "Look at the user and the password in ANYRAY_DB_URL.";

/** By the code of a socket, or of Postgres. */
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "ANYRAY_PORT sets the gateway's, ANYRAY_CONSOLE_PORT the console's.",
  "28000": LOGIN,
  "28P01": LOGIN,
  "3D000": "There is no database of the name at the end of ANYRAY_DB_URL.",
  "42501": "The user in ANYRAY_DB_URL may not make tables there: it should own the database.",
};

/** Whatever the runtime calls it. */
const NO_SUCH_PLACE =
  "This machine has no such address to listen on, or lets nobody use that port: look at ANYRAY_HOST and ANYRAY_PORT.";

/** Why the gateway did not start, for a person. */
export function failureText(error: unknown): string {
  if (error instanceof StoreUnavailable) return "The database in ANYRAY_DB_URL can't be reached.";
  if (!(error instanceof Error)) return "failed";
  const isListening = "syscall" in error && error.syscall === "listen";
  const known = "code" in error ? REMEDIES[String(error.code)] : undefined;
  const remedy = known ?? (isListening ? NO_SUCH_PLACE : undefined);
  return remedy === undefined
    ? error.message
    : `${error.message.replace(/(?<![.?])$/, ".")} ${remedy}`;
}
