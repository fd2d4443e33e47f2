/**
 * A client of many SSE streams at once, which measures how late each chunk comes.
 *
 *     bun bench/stream-client.ts '<StreamPlan as JSON>'
 *
 * Prints `open` when every stream has its first chunk. `chunks: null` then holds them until it is killed; else it reads them to
 * their ends and prints one line of JSON, a StreamResult.
 */
import { sharedNowMs } from "./clock.ts";
import { createMessageReader } from "./framing.ts";
import { CHAT_PATH, requestBody } from "./payload.ts";
import { percentile } from "./stats.ts";

export interface StreamPlan {
  readonly port: number;
  readonly clientKey: string;
  readonly streams: number;
  /** Stamped chunks that the mock provider sends on each stream; null: hold the streams open. */
  readonly chunks: number | null;
  /** The streams are opened evenly over this time. */
  readonly rampMs: number;
  /** Given up after this. */
  readonly timeoutMs: number;
}

export interface StreamResult {
  readonly expectedChunks: number;
  readonly receivedChunks: number;
  /** Streams whose answer came to its end. */
  readonly completed: number;
  /** Sending by the mock provider → receipt here, ms. */
  readonly lagP50: number;
  readonly lagP99: number;
  readonly lagP999: number;
  readonly lagMax: number;
  /** The same p99 over the first and the last quarter of each stream: grows if the proxy falls behind. */
  readonly earlyLagP99: number;
  readonly lateLagP99: number;
}

const STAMP = /@(\d+(?:\.\d+)?)@/g;
/** Longer than a stamp: what is kept of a segment in case the next one continues it. */
const STAMP_CHARS = 24;

// Written by run.ts of the same version, from a StreamPlan.
const plan = JSON.parse(process.argv[2] ?? "{}") as StreamPlan;
const body = requestBody("sse", 600);
const request =
  `POST ${CHAT_PATH} HTTP/1.1\r\nhost: 127.0.0.1:${plan.port}\r\nauthorization: Bearer ${plan.clientKey}\r\n` +
  `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

const all: number[] = [];
const early: number[] = [];
const late: number[] = [];
let opened = 0;
let completed = 0;
let closed = 0;

function record(lagMs: number, index: number): void {
  all.push(lagMs);
  if (plan.chunks === null) return;
  if (index < plan.chunks / 4) early.push(lagMs);
  if (index >= (plan.chunks * 3) / 4) late.push(lagMs);
}

async function open(): Promise<void> {
  const reader = createMessageReader(false);
  let carried = "";
  let chunks = 0;
  await Bun.connect({
    hostname: "127.0.0.1",
    port: plan.port,
    socket: {
      open(socket) {
        socket.write(request);
      },
      data(socket, bytes) {
        const now = sharedNowMs();
        const text = carried + bytes.toString("latin1");
        let end = 0;
        for (const match of text.matchAll(STAMP)) {
          if (chunks === 0 && ++opened === plan.streams) process.stdout.write("open\n");
          record(now - Number(match[1]), chunks++);
          end = match.index + match[0].length;
        }
        carried = text.slice(Math.max(end, text.length - STAMP_CHARS));
        const framing = reader.push(bytes);
        if (framing.state !== "done") return;
        if (framing.head.line.startsWith("HTTP/1.1 200")) completed++;
        socket.end();
      },
      close() {
        closed++;
      },
    },
  });
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

const startMs = sharedNowMs();
for (let started = 0; started < plan.streams;) {
  const due = Math.min(
    plan.streams,
    Math.ceil(((sharedNowMs() - startMs + 1) / plan.rampMs) * plan.streams),
  );
  const batch: Promise<void>[] = [];
  for (; started < due; started++) batch.push(open());
  await Promise.all(batch);
  await Bun.sleep(1);
}
while (closed < plan.streams && sharedNowMs() - startMs < plan.timeoutMs) await Bun.sleep(20);

const lags = sorted(all);
const result: StreamResult = {
  expectedChunks: plan.streams * (plan.chunks ?? 1),
  receivedChunks: all.length,
  completed,
  lagP50: percentile(lags, 50),
  lagP99: percentile(lags, 99),
  lagP999: percentile(lags, 99.9),
  lagMax: percentile(lags, 100),
  earlyLagP99: percentile(sorted(early), 99),
  lateLagP99: percentile(sorted(late), 99),
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
