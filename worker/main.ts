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
import { chatModel } from "./pipeline/target.ts";

/** Above the gateway's own limit, so that the answer to a body that is too large is ours. */
const BODY_MARGIN_BYTES = 1024 * 1024;

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
    // Silence on a stream is the gateway's own business.
    idleTimeout: 0,
    maxRequestBodySize: config.limits.maxBodyBytes + BODY_MARGIN_BYTES,
    development: false,
    fetch: (request) => gateway.app.fetch(request),
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
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    void server.stop();
    void gateway.stop().finally(() => {
      void server.stop(true);
      process.exit(0);
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

main().catch((error: unknown) => {
  const terminal = createTerminal(process.stdout, process.stderr, process.env);
  terminal.say(error instanceof ConfigError || error instanceof Error ? error.message : "failed");
  process.exit(1);
});
