/**
 * The mock provider: a raw TCP server that answers chat requests with prebuilt bytes, so that it is never what limits a run.
 *
 *     bun bench/upstream.ts PORT fast|slow|idle [CHUNKS]
 *
 * `fast`: at once, each SSE chunk in a write of its own turn of the event loop. `slow`: 20 chunks a second, CHUNKS of them, each
 * stamped with its time of sending. `idle`: one chunk, then silence until the client leaves. A body that asks for
 * `include_usage` gets the usage chunk. Not a model of any provider's errors.
 */
import { sharedNowMs } from "./clock.ts";
import { createMessageReader, type MessageReader } from "./framing.ts";
import {
  contentEvent,
  DONE_EVENT,
  FINISH_EVENT,
  JSON_ANSWER,
  sseEvents,
  USAGE_EVENT,
} from "./payload.ts";

const SLOW_INTERVAL_MS = 50;

interface Peer {
  readonly reader: MessageReader;
  /** Bytes that the socket has not taken yet. */
  unsent: Buffer | null;
}
type PeerSocket = Bun.Socket<Peer>;

interface Stream {
  readonly socket: PeerSocket;
  readonly withUsage: boolean;
  sent: number;
}

const [portText = "", mode = "fast", chunksText = "200"] = process.argv.slice(2);
const slowChunks = Number(chunksText);

const frame = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const LAST = "0\r\n\r\n";
const SSE_HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n";
const JSON_BYTES = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: ${JSON_ANSWER.length}\r\n\r\n${JSON_ANSWER}`,
);

/** One write each: the head goes with the first event, the end of the body with the last. */
function fastWrites(withUsage: boolean): readonly Buffer[] {
  const events = sseEvents(withUsage);
  return events.map((event, index) =>
    Buffer.from(
      (index === 0 ? SSE_HEAD : "") + frame(event) + (index === events.length - 1 ? LAST : ""),
    ),
  );
}
const FAST = { plain: fastWrites(false), usage: fastWrites(true) };

function write(socket: PeerSocket, bytes: Buffer): void {
  const peer = socket.data;
  if (peer.unsent !== null) {
    peer.unsent = Buffer.concat([peer.unsent, bytes]);
    return;
  }
  const taken = Math.max(0, socket.write(bytes));
  if (taken < bytes.length) peer.unsent = Buffer.from(bytes.subarray(taken));
}

let running: Stream[] = [];
let isTurning = false;

/** Advances every running stream by one event, then lets the event loop turn. */
function turn(): void {
  const next: Stream[] = [];
  for (const stream of running) {
    const writes = stream.withUsage ? FAST.usage : FAST.plain;
    const bytes = writes[stream.sent++];
    if (bytes !== undefined) write(stream.socket, bytes);
    if (stream.sent < writes.length) next.push(stream);
  }
  running = next;
  isTurning = running.length > 0;
  if (isTurning) setImmediate(turn);
}

/** Slow streams by the ms of the interval at which their chunks are due. */
const phases: Stream[][] = Array.from({ length: SLOW_INTERVAL_MS }, () => []);

function slowTick(phase: number): void {
  const streams = phases[phase] ?? [];
  for (const stream of streams) {
    const stamp = `@${sharedNowMs().toFixed(3)}@`;
    stream.sent++;
    write(stream.socket, Buffer.from(frame(contentEvent(stamp))));
    if (stream.sent < slowChunks) continue;
    const usage = stream.withUsage ? frame(USAGE_EVENT) : "";
    write(stream.socket, Buffer.from(frame(FINISH_EVENT) + usage + frame(DONE_EVENT) + LAST));
  }
  phases[phase] = streams.filter((stream) => stream.sent < slowChunks);
}

function answer(socket: PeerSocket, body: Buffer): void {
  if (body.indexOf('"stream":true') < 0) {
    write(socket, JSON_BYTES);
    return;
  }
  const stream: Stream = { socket, withUsage: body.indexOf("include_usage") >= 0, sent: 0 };
  if (mode === "fast") {
    running.push(stream);
    if (!isTurning) setImmediate(turn);
    isTurning = true;
    return;
  }
  write(socket, Buffer.from(SSE_HEAD + (mode === "idle" ? frame(contentEvent("@0@")) : "")));
  if (mode === "slow") phases[Math.floor(sharedNowMs()) % SLOW_INTERVAL_MS]?.push(stream);
}

if (mode === "slow") {
  let done = Math.floor(sharedNowMs());
  setInterval(() => {
    // Timers come late; every ms that passed gets its turn.
    for (const now = Math.floor(sharedNowMs()); done < now;) slowTick(++done % SLOW_INTERVAL_MS);
  }, 1);
}

function forget(socket: PeerSocket): void {
  running = running.filter((stream) => stream.socket !== socket);
  if (mode !== "slow") return;
  for (const [phase, streams] of phases.entries()) {
    if (streams.some((stream) => stream.socket === socket)) {
      phases[phase] = streams.filter((stream) => stream.socket !== socket);
    }
  }
}

Bun.listen<Peer>({
  hostname: "127.0.0.1",
  port: Number(portText),
  socket: {
    open(socket) {
      socket.setNoDelay(true);
      socket.data = { reader: createMessageReader(true), unsent: null };
    },
    data(socket, bytes) {
      const framing = socket.data.reader.push(bytes);
      if (framing.state === "done") answer(socket, framing.body ?? Buffer.alloc(0));
    },
    drain(socket) {
      const rest = socket.data.unsent;
      socket.data.unsent = null;
      if (rest !== null) write(socket, rest);
    },
    close: forget,
    error: forget,
  },
});
