/**
 * The console as a process beside the gateway. It gets the few variables that it needs and nothing else of the environment: no database
 * address, no content key, no provider's key. It is started again when it dies, unless its port is taken, and ends when the gateway does,
 * however that went.
 */
import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { listenForRelay } from "../egress/relay.ts";
import type { RelayCaller } from "../egress.ts";
import type { Log } from "../telemetry/log.ts";

const MAIN = fileURLToPath(new URL("../../console/main.ts", import.meta.url));
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** One that lived as long was well. */
const WELL_MS = 60_000;
/** Its exit code (`console/main.ts`). Who had the port may be about to leave; after so many tries that is not believed any more. */
const PORT_TAKEN = 98;
const MAX_TRIES = 4;
/** For its first line; a console that is slower is mentioned without its port. */
const START_MS = 5_000;

export interface ConsoleOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly publicUrl: string | null;
  readonly gatewayUrl: string;
  /** Where its pages say that the gateway is; null: `gatewayUrl`. */
  readonly publicGatewayUrl: string | null;
  /** The search path, by which a runtime finds itself. */
  readonly path: string;
  readonly log: Log;
}

export interface RunningConsole {
  /** For a browser; null: it did not start, or not yet. */
  readonly url: string | null;
  stop(): void;
}

interface RelayOptions {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly relay: (caller: RelayCaller) => void;
}

/** The port of a console that runs elsewhere, inside. Rejects where the port is taken. */
export async function relayConsole(options: RelayOptions): Promise<RunningConsole> {
  const { host, port, publicUrl, relay } = options;
  const listener = await listenForRelay({ host, port, onCaller: relay });
  return {
    url: publicUrl ?? `http://localhost:${listener.port}`,
    stop: () => listener.close(),
  };
}

/** Resolves once it listens, or did not in time; the gateway runs either way. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  let child: ChildProcess | null = null;
  let isStopped = false;
  let pauseMs = FIRST_PAUSE_MS;
  let tries = 0;

  const start = (): ChildProcess => {
    const startedAt = performance.now();
    const started = spawn(process.execPath, ["--no-env-file", MAIN, "--child"], {
      env: environmentOf(options),
      // Its standard input ends with this process, even if that is killed: then it ends, too.
      stdio: ["pipe", "pipe", "inherit"],
    });
    started.once("close", (code) => {
      if (isStopped) return;
      if (performance.now() - startedAt > WELL_MS) pauseMs = FIRST_PAUSE_MS;
      tries = code === PORT_TAKEN ? tries + 1 : 0;
      if (tries === MAX_TRIES) {
        options.log.write(
          "error",
          "no console: another process has its port; ANYRAY_CONSOLE_PORT sets another",
          { port: options.port },
        );
        return;
      }
      options.log.write("warn", "console ended, starts again", {
        code: code ?? -1,
        pause_ms: pauseMs,
      });
      setTimeout(() => {
        if (!isStopped) child = start();
      }, pauseMs).unref();
      pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
    });
    started.once("error", () => {});
    return started;
  };

  child = start();
  const port = await portOf(child);
  return {
    url: port === null ? null : (options.publicUrl ?? `http://localhost:${port}`),
    stop() {
      isStopped = true;
      child?.kill("SIGTERM");
    },
  };
}

function environmentOf(options: ConsoleOptions) {
  const { host, port, publicUrl, gatewayUrl, publicGatewayUrl, path } = options;
  return {
    PATH: path,
    NODE_ENV: "production",
    ANYRAY_HOST: host,
    ANYRAY_CONSOLE_PORT: String(port),
    ANYRAY_GATEWAY_URL: gatewayUrl,
    ...(publicUrl === null ? {} : { ANYRAY_CONSOLE_URL: publicUrl }),
    ...(publicGatewayUrl === null ? {} : { ANYRAY_PUBLIC_URL: publicGatewayUrl }),
  };
}

/** From its first line; null if none came. */
function portOf(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    let output = "";
    const limit = setTimeout(() => resolve(null), START_MS);
    const end = (port: string | null): void => {
      clearTimeout(limit);
      resolve(port);
    };
    child.once("close", () => end(null));
    child.stdout?.on("data", (chunk: Uint8Array) => {
      if (output.length < 1_000) output += String(chunk);
      const port = /^Console serves \S+:(\d+)$/m.exec(output)?.[1];
      if (port !== undefined) end(port);
    });
  });
}
