/**
 * The rig: fresh processes of the mock provider and of the proxy under test, in a temporary directory. What is measured with
 * them is in `measure/`.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { createClientKeySecret } from "../worker/client-key.ts";
import { type Child, logTail, startChild } from "./children.ts";
import type { Cores } from "./machine.ts";
import type { Options } from "./options.ts";
import { CHAT_PATH, MODEL, requestBody } from "./payload.ts";

export interface BareKind {
  readonly name: "bare";
}

export interface GatewayKind {
  readonly name: string;
  readonly sync: "normal" | "full";
  /** `off`: what the goals are about, authentication and ledger. */
  readonly content: "off" | "encrypted";
  /** Whether every trace is sent to a receiver of OTLP, which stands for the Collector. */
  readonly isTraced: boolean;
  /** Kept from run to run; null: a new one, empty. */
  readonly dataDir: string | null;
}

export type ProxyKind = BareKind | GatewayKind;

export const BARE: BareKind = { name: "bare" };
export const NORMAL: GatewayKind = {
  name: "gateway",
  sync: "normal",
  content: "off",
  isTraced: false,
  dataDir: null,
};
export const FULL: GatewayKind = { ...NORMAL, name: "gateway, full", sync: "full" };
/** Every request and answer sealed and stored: the product's default. */
export const SEALING: GatewayKind = { ...NORMAL, name: "gateway, sealing", content: "encrypted" };
/** The same, and the traces on their way to a Collector: all that a full installation does. */
export const TRACING: GatewayKind = {
  ...SEALING,
  name: "gateway, sealing and tracing",
  isTraced: true,
};

export type UpstreamMode = "fast" | "slow" | "idle";

export interface Rig {
  readonly options: Options;
  readonly cores: Cores;
  readonly tempDir: string;
  /** A line for whoever waits; not part of the report. */
  readonly progress: (text: string) => void;
}

export interface Running {
  readonly port: number;
  readonly pid: number;
  readonly clientKey: string;
  stop(): Promise<void>;
}

const HERE = import.meta.dirname;
const MAIN = join(HERE, "../worker/main.ts");
const START_MS = 20_000;
/** Well-formed, and the same for all: the bare proxy ignores it. */
const clientKey = createClientKeySecret(randomBytes);
let started = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Waits for a 200. The mock provider, and so the bare proxy, gives one at any address. */
async function ready(child: Child, url: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && child.exitCode() === null) {
    const answer = await fetch(url, { keepalive: false }).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await Bun.sleep(20);
  }
  await child.stop();
  throw new Error(`${child.name} did not start\n${await logTail(child.logPath)}`);
}

/** One request the whole way, so that a fault shows its words and not a count of errors. */
async function probe(child: Child, port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${CHAT_PATH}`, {
    method: "POST",
    headers: { authorization: `Bearer ${clientKey}`, "content-type": "application/json" },
    body: requestBody("json", 600),
    keepalive: false,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${child.name} answered ${answer.status}: ${text}`);
}

function script(name: string, args: readonly (string | number)[]): [string, ...string[]] {
  return [process.execPath, join(HERE, name), ...args.map(String)];
}

function logPath(rig: Rig, name: string): string {
  return join(rig.tempDir, `${++started}-${name.replaceAll(/\W+/g, "-")}.log`);
}

function startUpstream(rig: Rig, mode: UpstreamMode, port: number): Child {
  return startChild({
    name: "mock provider",
    argv: script("upstream.ts", [port, mode, rig.options.streamChunks]),
    cores: rig.cores.rest,
    logPath: logPath(rig, "upstream"),
  });
}

function startBare(rig: Rig, port: number, upstreamPort: number): Child {
  return startChild({
    name: "bare proxy",
    argv: script("bare.ts", [port, upstreamPort]),
    // Counts only when set before the start; without it the 257th stream would wait.
    env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "65000" },
    cores: rig.cores.proxy,
    logPath: logPath(rig, "bare"),
  });
}

function startReceiver(rig: Rig, port: number): Child {
  return startChild({
    name: "OTLP receiver",
    argv: script("otlp-receiver.ts", [port]),
    cores: rig.cores.rest,
    logPath: logPath(rig, "receiver"),
  });
}

function gatewayEnvironment(
  kind: { readonly sync: string; readonly content: string; readonly dataDir: string },
  port: number,
  upstreamPort: number,
  receiverPort: number | null,
): Readonly<Record<string, string>> {
  const provider = {
    kind: "openai-compatible",
    base_url: `http://127.0.0.1:${upstreamPort}/v1`,
    api_key: "x",
    models: [MODEL],
    price_id: "openai",
  };
  return {
    BUN_CONFIG_MAX_HTTP_REQUESTS: "65000",
    ANYRAY_DATA_DIR: kind.dataDir,
    ANYRAY_PORT: String(port),
    ANYRAY_PROVIDERS: JSON.stringify({ mock: provider }),
    ANYRAY_CLIENT_KEY: clientKey,
    ANYRAY_LEDGER_SYNC: kind.sync,
    ANYRAY_CONTENT_MODE: kind.content,
    ...(receiverPort === null
      ? {}
      : { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiverPort}` }),
  };
}

export function newDataDir(rig: Rig): string {
  const dir = join(rig.tempDir, "data");
  mkdirSync(dir, { recursive: true });
  return mkdtempSync(join(dir, "run-"));
}

/** A fresh proxy in front of a fresh mock provider, both ready. */
export async function startProxy(
  rig: Rig,
  kind: ProxyKind,
  mode: UpstreamMode = "fast",
): Promise<Running> {
  const [upstreamPort, port] = [await freePort(), await freePort()];
  const upstream = startUpstream(rig, mode, upstreamPort);
  const isBare = !("sync" in kind) || rig.options.isControl;
  const receiverPort = !isBare && kind.isTraced ? await freePort() : null;
  const receiver = receiverPort === null ? null : startReceiver(rig, receiverPort);
  const proxy = isBare
    ? startBare(rig, port, upstreamPort)
    : startChild({
        name: kind.name,
        argv: [process.execPath, MAIN],
        env: gatewayEnvironment(
          { ...kind, dataDir: kind.dataDir ?? newDataDir(rig) },
          port,
          upstreamPort,
          receiverPort,
        ),
        cores: rig.cores.proxy,
        logPath: logPath(rig, kind.name),
      });
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await upstream.stop();
    await receiver?.stop();
  };
  try {
    if (receiver !== null) await ready(receiver, `http://127.0.0.1:${receiverPort}/`);
    await ready(upstream, `http://127.0.0.1:${upstreamPort}/`);
    await ready(proxy, `http://127.0.0.1:${port}/livez`);
    await probe(proxy, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, pid: proxy.pid, clientKey, stop };
}
