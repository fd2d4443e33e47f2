/**
 * The console on Bun: environment → listener. With `--child` it was started by the gateway's launcher, and ends when that is gone,
 * however it went.
 */
import process from "node:process";
import { fetchGateway } from "./api.ts";
import { createConsole } from "./app.ts";
import { readSettings } from "./settings.ts";

const IDLE_SECONDS = 60;
/** Exit code for the launcher (`worker/cli/console.ts`), which says then what to do. */
const PORT_TAKEN = 98;

function main(): void {
  // The way to the gateway is direct: `fetch` would send sign-ins through whatever a shell's proxy variables name.
  for (const name of Object.keys(process.env)) {
    if (/^(?:https?|all)_proxy$/i.test(name)) delete process.env[name];
  }
  const settings = readSettings(process.env);
  const app = createConsole({ ...settings, fetcher: fetchGateway, now: Date.now });
  const server = Bun.serve({
    hostname: settings.host,
    port: settings.port,
    reusePort: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: 1024 * 1024,
    development: false,
    error: () => new Response(null, { status: 500 }),
    fetch: async (request, listener) => {
      const response = await app.fetch(request);
      // A live page is silent for long. Whoever only says that they want one is not.
      const isLive = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      if (isLive) listener.timeout(request, 0);
      return response;
    },
  });
  process.stdout.write(`Console serves http://${settings.host}:${server.port}\n`);
  const stop = (): void => {
    void server.stop(true).then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (process.argv.includes("--child")) {
    process.stdin.on("end", stop);
    process.stdin.resume();
  }
}

try {
  main();
} catch (error) {
  const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  if (isTaken && process.argv.includes("--child")) process.exit(PORT_TAKEN);
  const hint = isTaken ? " ANYRAY_CONSOLE_PORT sets another." : "";
  process.stderr.write(`${error instanceof Error ? error.message : "failed"}${hint}\n`);
  process.exit(1);
}
