/**
 * Scripts for the upstream: recorded answers in pieces of any size, and the ways of breaking that need more than one call.
 * Each is a handler, or is called by one.
 */
import { setImmediate } from "node:timers";
import type { Fixture } from "./fixtures.ts";
import type { Handler, Headers, Reply } from "./upstream.ts";

/** How the end of a body is told. */
export type Framing = "chunked" | "length" | "close";

export interface ReplayOptions {
  /** Closes behind so many bytes of the body, whatever the framing still owes. */
  readonly cutAt?: number;
  /** Bytes in one write; else all at once. */
  readonly splitEvery?: number;
  /** Before each write; 0 is one turn of the event loop. */
  readonly delayMs?: number;
  /** `chunked` */
  readonly framing?: Framing;
  readonly headers?: Headers;
}

/** Answers every request with the fixture's bytes, type and status. */
export function replay(
  fixture: Pick<Fixture, "bytes" | "contentType" | "status">,
  options: ReplayOptions = {},
): Handler {
  const { bytes, contentType, status } = fixture;
  const { cutAt = Infinity, splitEvery = Math.max(1, bytes.length), delayMs = 0 } = options;
  const framing = options.framing ?? "chunked";
  return async (request, reply) => {
    let isGone = false;
    void request.hungUp.then(() => {
      isGone = true;
    });
    const headers = { "content-type": contentType, ...options.headers };
    const send = beginBody(reply, status, headers, framing, bytes.length);
    const end = Math.min(cutAt, bytes.length);
    for (let at = 0; at < end && !isGone; at += splitEvery) {
      await pause(delayMs);
      send(bytes.subarray(at, Math.min(at + splitEvery, end)));
    }
    if (cutAt !== Infinity || framing === "close") reply.close();
    else if (framing === "chunked") reply.end();
  };
}

/** Writes the head. @returns what writes a piece of the body */
function beginBody(
  reply: Reply,
  status: number,
  headers: Headers,
  framing: Framing,
  length: number,
): (bytes: Uint8Array) => void {
  if (framing === "chunked") {
    reply.head(status, headers);
    return (bytes) => void reply.chunk(bytes);
  }
  const framed =
    framing === "length" ? { "content-length": String(length) } : { connection: "close" };
  const lines = Object.entries({ ...headers, ...framed }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  reply.raw([`HTTP/1.1 ${status} Status`, ...lines, "", ""].join("\r\n"));
  return (bytes) => reply.raw(bytes);
}

/** Announces a chunk, sends half of it, and closes. Call after `reply.head`. */
export function halfChunk(reply: Reply, bytes: Uint8Array): void {
  reply.raw(`${bytes.length.toString(16)}\r\n`);
  reply.raw(bytes.subarray(0, Math.ceil(bytes.length / 2)));
  reply.close();
}

export interface FillOptions {
  /** Bytes in one chunk; 64 KiB. */
  readonly chunkBytes?: number;
  /** Gives up there; 64 MiB. */
  readonly maxBytes?: number;
  /** A peer that takes nothing for so long has stopped reading; 200. */
  readonly quietMs?: number;
}

/**
 * Writes chunks until the peer takes no more. Call after `reply.head`.
 * @returns how many body bytes left this process: read by the peer, or in the kernel's buffers (megabytes on loopback)
 */
export async function fill(reply: Reply, options: FillOptions = {}): Promise<number> {
  const { chunkBytes = 64 * 1024, maxBytes = 64 * 1024 * 1024, quietMs = 200 } = options;
  const chunk = new Uint8Array(chunkBytes).fill(0x61);
  let accepted = 0;
  for (let sent = chunkBytes; sent <= maxBytes; sent += chunkBytes) {
    if (!reply.chunk(chunk)) {
      const isDrained = await Promise.race([
        reply.drained().then(() => true),
        pause(quietMs).then(() => false),
      ]);
      if (!isDrained) return accepted;
    }
    accepted = sent;
  }
  return accepted;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0) setImmediate(resolve);
    else setTimeout(resolve, ms);
  });
}
