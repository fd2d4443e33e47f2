/** The gateway on Bun: environment → configuration → store → listener; drained on SIGTERM and SIGINT. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { openStore } from "../db/open.ts";
import { createTerminal } from "./cli/terminal.ts";
import { printWelcome } from "./cli/welcome.ts";
import { ConfigError } from "./config/fault.ts";
import { loadConfig } from "./config/load.ts";
import { removeProxyVariables } from "./config/proxy-variables.ts";
import { ensureSecrets } from "./config/secret.ts";
import { createGateway } from "./gateway.ts";
import { errorName } from "./telemetry/log.ts";
import { chatModel } from "./pipeline/target.ts";

/** Above the gateway's own limit, so that the answer to a body that is too large is ours. */
const BODY_MARGIN_BYTES = 1024 * 1024;
/** For connections that ask for nothing, or never finish asking. */
const IDLE_SECONDS = 60;
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
  const server = Bun.serve({
    hostname: config.listen.host,
    port: config.listen.port,
    // A second gateway on the port must fail, not share it.
    reusePort: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: config.limits.maxBodyBytes + BODY_MARGIN_BYTES,
    development: false,
    error: () => new Response(null, { status: 500 }),
    fetch: (request, listener) => {
      // Silence on a request under way is the gateway's own business.
      listener.timeout(request, 0);
      return gateway.app.fetch(request);
    },
  });
  const { log } = gateway.deps;
  // One request's failure is no other's: what nobody caught is named, and the process goes on.
  process.on("uncaughtException", (error) => {
    log.write("error", "uncaught exception", { error: errorName(error) });
  });
  process.on("unhandledRejection", (error) => {
    log.write("error", "unhandled rejection", { error: errorName(error) });
  });
  const { providers } = gateway.deps.routing;
  printWelcome(
    {
      host: config.listen.host,
      port: server.port ?? config.listen.port,
      secretsFile: config.secretsFile,
      adminToken: config.secrets.adminToken,
      clientKey: config.secrets.clientKey,
      providers: providers.map((provider) => provider.name),
      isDemo: config.providers.every((provider) => provider.kind === "demo"),
      model: chatModel(gateway.deps.routing) ?? "provider/model",
    },
    createTerminal(process.stdout, process.stderr, process.env),
  );

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    const closed = server.stop();
    await gateway.drain();
    // The last bytes of the last answers are on their way.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
    await gateway.close();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
}

main().catch((error: unknown) => {
  const terminal = createTerminal(process.stdout, process.stderr, process.env);
  terminal.say(error instanceof ConfigError || error instanceof Error ? error.message : "failed");
  process.exit(1);
});
