/**
 * An open-loop load generator: requests leave at a fixed rate whether or not earlier ones have been answered, and latency counts
 * from the moment a request was *due*, so that a stall of the proxy shows in every request that it held up.
 *
 *     bun bench/load.ts '<LoadPlan as JSON>'     → one line of JSON, a LoadResult
 */
import { writeFileSync } from "node:fs";
import { sharedNowMs } from "./clock.ts";
import { createMessageReader, type MessageReader } from "./framing.ts";
import type { Pace } from "./pacer.ts";
import { CHAT_PATH, requestBody, type Shape } from "./payload.ts";
import { percentile } from "./stats.ts";

export interface LoadPlan {
  readonly port: number;
  readonly clientKey: string;
  readonly shape: Shape;
  readonly sizeBytes: number;
  /** Requests a second. */
  readonly rate: number;
  /** Not measured. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** ms. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LoadResult {
  /** Measured requests, all answered with 200. */
  readonly requests: number;
  /** Answers other than 200, and connections that broke. */
  readonly errors: number;
  /** Due → last byte of the answer. */
  readonly whole: Latencies;
  /** Due → first byte of the answer's body. */
  readonly firstByte: Latencies;
  /** Handed to the socket → last byte: without the generator's own lateness, blind to what a queue before it hides. */
  readonly sinceSent: Latencies;
  /** Due → handed to the socket: how well the generator itself kept time. Part of `whole` and `firstByte`. */
  readonly late: Latencies;
  /** Requests that waited because all connections were in use. */
  readonly queued: number;
  readonly connections: number;
}

const MAX_CONNECTIONS = 512;
const WARM_CONNECTIONS = 32;
/** Time for the last answers after the last request was due. */
const GRACE_MS = 5_000;

interface Peer {
  readonly reader: MessageReader;
  /** The request under way; -1: none. */
  request: number;
}
type PeerSocket = Bun.Socket<Peer>;

// The kernel may delay a sleeping thread by 50 µs to save power; a metronome can't have that. Linux only, best effort.
try {
  writeFileSync("/proc/self/timerslack_ns", "1");
} catch {}

// Written by run.ts of the same version, from a LoadPlan.
const plan = JSON.parse(process.argv[2] ?? "{}") as LoadPlan;
const total = Math.round(plan.rate * (plan.warmUpSeconds + plan.seconds));
const firstMeasured = Math.round(plan.rate * plan.warmUpSeconds);
const intervalMs = 1_000 / plan.rate;
const body = requestBody(plan.shape, plan.sizeBytes);
const requestBytes = Buffer.from(
  `POST ${CHAT_PATH} HTTP/1.1\r\nhost: 127.0.0.1:${plan.port}\r\nauthorization: Bearer ${plan.clientKey}\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);

const sentAt = new Float64Array(total);
const firstByteAt = new Float64Array(total);
const endedAt = new Float64Array(total);
const idle: PeerSocket[] = [];
const waiting: number[] = [];
let connections = 0;
let sent = 0;
let ended = 0;
let errors = 0;
let queued = 0;

function send(socket: PeerSocket, request: number): void {
  socket.data.request = request;
  sentAt[request] = sharedNowMs();
  if (socket.write(requestBytes) !== requestBytes.length) fail(socket);
}

function fail(socket: PeerSocket): void {
  if (socket.data.request >= 0) {
    errors++;
    ended++;
    socket.data.request = -1;
  }
  socket.end();
}

function rest(socket: PeerSocket): void {
  const next = waiting.shift();
  if (next === undefined) idle.push(socket);
  else send(socket, next);
}

async function connect(): Promise<void> {
  connections++;
  await Bun.connect<Peer>({
    hostname: "127.0.0.1",
    port: plan.port,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        socket.data = { reader: createMessageReader(false), request: -1 };
        rest(socket);
      },
      data(socket, bytes) {
        const { request, reader } = socket.data;
        if (request < 0) return;
        const framing = reader.push(bytes);
        const now = sharedNowMs();
        const isDone = framing.state === "done";
        if (firstByteAt[request] === 0 && (isDone || reader.hasBody())) firstByteAt[request] = now;
        if (!isDone) return;
        if (!framing.head.line.startsWith("HTTP/1.1 200")) return fail(socket);
        endedAt[request] = now;
        ended++;
        socket.data.request = -1;
        rest(socket);
      },
      close(socket) {
        connections--;
        const at = idle.indexOf(socket);
        if (at >= 0) idle.splice(at, 1);
        fail(socket);
      },
    },
  });
}

function issue(request: number): void {
  const socket = idle.pop();
  if (socket !== undefined) return send(socket, request);
  waiting.push(request);
  queued++;
  if (connections < MAX_CONNECTIONS) void connect();
}

/** From when a request was due, or from when it was `since`. */
function latencies(at: Float64Array, startMs: number, since?: Float64Array): Latencies {
  const values = new Float64Array(total - firstMeasured);
  let count = 0;
  for (let request = firstMeasured; request < total; request++) {
    const from = since?.[request] ?? startMs + request * intervalMs;
    if ((endedAt[request] ?? 0) > 0) values[count++] = (at[request] ?? 0) - from;
  }
  const sorted = values.subarray(0, count).sort();
  return {
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p99: percentile(sorted, 99),
    p999: percentile(sorted, 99.9),
    max: percentile(sorted, 100),
  };
}

await Promise.all(Array.from({ length: WARM_CONNECTIONS }, connect));
const pacer = new Worker(new URL("./pacer.ts", import.meta.url).href);
const pace: Pace = { startMs: sharedNowMs() + 200, intervalMs, total };
pacer.onmessage = (event: MessageEvent<number>) => {
  while (sent < event.data) issue(sent++);
};
pacer.postMessage(pace);

const deadline = pace.startMs + total * intervalMs + GRACE_MS;
while (ended < total && sharedNowMs() < deadline) await Bun.sleep(50);

const result: LoadResult = {
  requests: total - firstMeasured,
  errors: errors + (total - ended),
  whole: latencies(endedAt, pace.startMs),
  firstByte: latencies(firstByteAt, pace.startMs),
  sinceSent: latencies(endedAt, pace.startMs, sentAt),
  late: latencies(sentAt, pace.startMs),
  queued,
  connections,
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
