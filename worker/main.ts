/**
 * The gateway on Bun: environment → configuration → store → listener; drained on SIGTERM and SIGINT. With `--with-console`, as
 * `bun run up` says it, the console runs beside it as a process of its own.
 */
import process from "node:process";
import { relayConsole, startConsole, type RunningConsole } from "./cli/console.ts";
import { failureText, greet, openGateway, stopOnce } from "./cli/start.ts";
import { createTerminal } from "./cli/terminal.ts";
import { localUrl } from "./cli/welcome.ts";
import type { Config } from "./config/load.ts";
import type { Gateway } from "./gateway.ts";
import { answerInItsTime } from "./idle-time.ts";
import { errorName } from "./telemetry/log.ts";

/**
 * Above the gateway's own limit, so that the answer to a body that is too large is ours. What is not read is thrown away as it arrives:
 * the margin costs no memory.
 */
const BODY_MARGIN_BYTES = 1024 * 1024 * 1024;
/** For connections that ask for nothing, or never finish asking. */
const IDLE_SECONDS = 60;

async function main(): Promise<void> {
  const { config, gateway } = await openGateway();
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
      const answer = gateway.app.fetch(request, () => listener.requestIP(request)?.address ?? null);
      // Silence on a request under way is the gateway's own business. Others are told of when they last (`keepOpen`).
      if (request.method !== "GET") return answer;
      const setIdle = (seconds: number): void => listener.timeout(request, seconds);
      return answerInItsTime(request, answer, setIdle, IDLE_SECONDS);
    },
  });
  gateway.deps.live.keepOpen = (request) => server.timeout(request, 0);
  const { log } = gateway.deps;
  // One request's failure is no other's: what nobody caught is named, and the process goes on.
  process.on("uncaughtException", (error) => {
    log.write("error", "uncaught exception", { error: errorName(error) });
  });
  process.on("unhandledRejection", (error) => {
    log.write("error", "unhandled rejection", { error: errorName(error) });
  });
  const port = server.port ?? config.listen.port;
  const beside = await openConsole(config, gateway, port);
  greet({ config, gateway, port, consoleUrl: beside?.url ?? null });

  const stop = stopOnce(gateway, () => {
    beside?.stop();
    return server.stop();
  });
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

/** Beside this process, or elsewhere inside; null: there is none. */
async function openConsole(
  { console: own, listen: { host } }: Config,
  { relayToConsole, deps: { log } }: Gateway,
  port: number,
): Promise<RunningConsole | null> {
  if (relayToConsole !== null) {
    return relayConsole({ host, port: own.port, publicUrl: own.url, relay: relayToConsole });
  }
  if (!process.argv.includes("--with-console")) return null;
  return startConsole({
    host,
    port: own.port,
    publicUrl: own.url,
    gatewayUrl: localUrl(host, port),
    publicGatewayUrl: own.publicGatewayUrl,
    path: process.env["PATH"] ?? "",
    log,
  });
}

main().catch((error: unknown) => {
  const terminal = createTerminal(process.stdout, process.stderr, process.env);
  terminal.say(failureText(error));
  process.exit(1);
});
