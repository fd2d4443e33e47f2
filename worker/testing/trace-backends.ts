/**
 * The Collector with the deployment's own `collector.yaml`, and Jaeger as a back end behind it: real processes on free
 * ports of loopback, for tests of the way that spans go. They must be built before (`otel-collector/build.ts`); what a
 * test expects of them does not belong here.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { BUILD_COMMAND, locatePrograms, type Programs } from "../../otel-collector/programs.ts";

const CONFIGS = join(import.meta.dirname, "../../otel-collector");
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 20;
/** Another process may take a port between its choice and its use. */
const START_TRIES = 3;
const MAX_OUTPUT_CHARACTERS = 10_000;

/**
 * The programs, or null where they are not built: said loudly then. Under `CI=true` their absence throws, so that tests
 * which ask for them fail instead of being skipped.
 */
export async function findTraceBackends(): Promise<Programs | null> {
  const located = await locatePrograms();
  if (located.ok) return located.programs;
  const text = `trace back ends: ${located.reason} (${BUILD_COMMAND})`;
  if (process.env["CI"] === "true") throw new Error(text);
  process.stderr.write(`SKIPPED: ${text}\n`);
  return null;
}

interface Running {
  readonly pid: number;
  /** SIGTERM, and SIGKILL if that takes too long. Resolves with the exit code, null after a signal. */
  stop(): Promise<number | null>;
  /** `kill -9`. */
  kill(): Promise<void>;
}

export interface CollectorProcess extends Running {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` would be: without `/v1/traces`. */
  readonly url: string;
}

export interface JaegerProcess extends Running {
  /** Takes OTLP/HTTP: without `/v1/traces`. */
  readonly otlpUrl: string;
  /** Serves `/api/v3/…`. */
  readonly queryUrl: string;
}

/**
 * Resolves once it takes spans. `exportTo`: a back end's OTLP/HTTP address, which need not be there yet. The queue lies in
 * `dataDir` and outlives the process.
 */
export async function startCollector(options: {
  readonly exportTo: string;
  readonly dataDir: string;
}): Promise<CollectorProcess> {
  const { collector } = await needPrograms();
  return retried(async () => {
    const [otlp, health] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const running = await start({
      name: "the Collector",
      program: collector,
      config: "collector.yaml",
      ready: [`http://${health}/`, `http://${otlp}/`],
      env: {
        COLLECTOR_EXPORT_TO: options.exportTo,
        COLLECTOR_LISTEN: otlp,
        COLLECTOR_HEALTH_LISTEN: health,
        COLLECTOR_QUEUE_DIR: join(options.dataDir, "collector-queue"),
        COLLECTOR_ATTRIBUTES: join(CONFIGS, "attributes.json"),
      },
    });
    return { ...running, url: `http://${otlp}` };
  });
}

/** Resolves once it takes and serves spans. `otlpPort`: where it takes them, if that was promised before; else any. */
export async function startJaeger(
  options: { readonly otlpPort?: number } = {},
): Promise<JaegerProcess> {
  const { jaeger } = await needPrograms();
  return retried(async () => {
    const otlp = `127.0.0.1:${options.otlpPort ?? (await freePort())}`;
    const query = `127.0.0.1:${await freePort()}`;
    const running = await start({
      name: "Jaeger",
      program: jaeger,
      config: "jaeger.yaml",
      ready: [`http://${query}/api/v3/services`, `http://${otlp}/`],
      env: {
        JAEGER_OTLP_LISTEN: otlp,
        JAEGER_QUERY_LISTEN: query,
        JAEGER_QUERY_GRPC_LISTEN: `127.0.0.1:${await freePort()}`,
        // Or it sends traces of itself to a port of its own choice.
        OTEL_TRACES_SAMPLER: "always_off",
      },
    });
    return { ...running, otlpUrl: `http://${otlp}`, queryUrl: `http://${query}` };
  });
}

/** A port of loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function needPrograms(): Promise<Programs> {
  const located = await locatePrograms();
  if (!located.ok) throw new Error(`trace back ends: ${located.reason} (${BUILD_COMMAND})`);
  return located.programs;
}

async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = START_TRIES; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
}

interface Start {
  readonly name: string;
  readonly program: string;
  /** In `otel-collector/`. */
  readonly config: string;
  /** Addresses that answer, whatever the status, once it is ready. */
  readonly ready: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Rejects with what it wrote, if it ends or stays unready. */
async function start(what: Start): Promise<Running> {
  const child = spawn(what.program, ["--config", join(CONFIGS, what.config)], {
    env: { ...what.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let isGone = false;
  const keep = (chunk: Uint8Array) => {
    // Read to the end: a full pipe would stop it.
    if (output.length < MAX_OUTPUT_CHARACTERS) output += String(chunk);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const gone = new Promise<number | null>((resolve) => {
    const end = (code: number | null) => {
      isGone = true;
      process.removeListener("exit", killWithUs);
      resolve(code);
    };
    child.once("error", () => end(null));
    child.once("close", end);
  });
  const deadline = performance.now() + START_LIMIT_MS;
  while (!(await answersAll(what.ready))) {
    if (isGone || performance.now() > deadline) {
      child.kill("SIGKILL");
      await gone;
      throw new Error(`${what.name} did not start: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return handleOf(child, gone);
}

function handleOf(child: ChildProcess, gone: Promise<number | null>): Running {
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGTERM");
      const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      const code = await gone;
      clearTimeout(limit);
      return code;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

async function answersAll(urls: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(
    urls.map((url) =>
      fetch(url).then(
        async (response) => {
          await response.body?.cancel();
          return response.status < 500;
        },
        () => false,
      ),
    ),
  );
  return answers.every(Boolean);
}
