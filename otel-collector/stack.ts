/**
 * `bun run stack`: Jaeger, the Collector and the gateway with its console on this machine, without containers, each saying when it is
 * ready. Ends with all of them. For looking at traces while developing: Jaeger keeps them in memory.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import * as backends from "../worker/testing/trace-backends.ts";

const MAIN = join(import.meta.dirname, "../worker/main.ts");

const say = (name: string, text: string) => process.stdout.write(`${name.padEnd(10)}${text}\n`);

async function main(): Promise<number> {
  const dataDir = process.env["ANYRAY_DATA_DIR"] || "./data";
  const jaeger = await backends.startJaeger();
  say("Jaeger", `ready: traces by id at ${jaeger.queryUrl}/api/v3/traces/{trace id}`);
  const collector = await backends.startCollector({ exportTo: jaeger.otlpUrl, dataDir });
  say("Collector", `ready: takes OTLP at ${collector.url}`);
  const gateway = spawn(process.execPath, [MAIN, "--with-console"], {
    env: {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ANYRAY_TRACES: "jaeger",
      ANYRAY_TRACES_URL: jaeger.queryUrl,
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const end = () => void gateway.kill("SIGTERM");
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  const code = await new Promise<number | null>((resolve) => {
    gateway.once("error", () => resolve(null));
    gateway.once("close", resolve);
  });
  // What the gateway handed over last goes through before they end.
  await collector.stop();
  await jaeger.stop();
  say("stack", "ended");
  return code ?? 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : "failed"}\n`);
    process.exit(1);
  },
);
