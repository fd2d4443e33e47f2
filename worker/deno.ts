/** The gateway on Deno: the same app, store and settings; drained on SIGTERM and SIGINT. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { openStore } from "../db/open.ts";
import { ConfigError } from "./config/fault.ts";
import { loadConfig } from "./config/load.ts";
import { removeProxyVariables } from "./config/proxy-variables.ts";
import { ensureSecrets } from "./config/secret.ts";
import { createGateway } from "./gateway.ts";

/** The part of Deno's global that is used here; the types of Bun know nothing of it. */
interface DenoServer {
  readonly addr: { readonly hostname: string; readonly port: number };
  shutdown(): Promise<void>;
}
declare const Deno: {
  serve(
    options: { readonly hostname: string; readonly port: number; onListen(): void },
    handler: (request: Request) => Promise<Response>,
  ): DenoServer;
  addSignalListener(signal: "SIGTERM" | "SIGINT", handler: () => void): void;
};

/** For what was written last to leave. */
const FLUSH_MS = 250;

async function main(): Promise<void> {
  removeProxyVariables(process.env);
  const config = loadConfig(process.env, (path) => readFileSync(path, "utf8"), ensureSecrets);
  const store = await openStore({ dataDir: config.dataDir, ledgerSync: config.ledgerSync });
  const gateway = await createGateway(config, {
    store,
    clock: { now: Date.now, monotonic: () => performance.now() },
    logLine: (line) => process.stderr.write(`${line}\n`),
  });
  const server = Deno.serve(
    { hostname: config.listen.host, port: config.listen.port, onListen: () => undefined },
    (request) => gateway.app.fetch(request),
  );
  process.stdout.write(`Anyray serves http://${server.addr.hostname}:${server.addr.port}\n`);

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    const closed = server.shutdown();
    await gateway.drain();
    // The last bytes of the last answers are on their way.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
    await gateway.close();
    process.exit(0);
  };
  Deno.addSignalListener("SIGTERM", () => void stop());
  Deno.addSignalListener("SIGINT", () => void stop());
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof ConfigError || error instanceof Error ? error.message : "failed"}\n`,
  );
  process.exit(1);
});
