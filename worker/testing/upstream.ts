/**
 * A provider for tests: a real HTTP/1.1 server on a real socket that can also misbehave, since it writes its bytes by hand.
 * Runs on Bun and Deno.
 */
import { Buffer } from "node:buffer";
import { createServer, type AddressInfo, type Socket } from "node:net";

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case; the last of equal names counts. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** Resolves with `performance.now()` when the peer has closed the connection. */
  readonly hungUp: Promise<number>;
}

export type Headers = Readonly<Record<string, string>>;

/** How the handler answers. Everything is written at once, as it is called. */
export interface Reply {
  json(status: number, value: unknown, headers?: Headers): void;
  send(status: number, headers: Headers, body: string | Uint8Array): void;
  /** Begins a chunked answer; `chunk` and `end` follow. */
  head(status: number, headers: Headers): void;
  /** @returns false when the peer is behind: wait for `drained` */
  chunk(bytes: string | Uint8Array): boolean;
  drained(): Promise<void>;
  end(): void;
  raw(bytes: string | Uint8Array): void;
  /** FIN, whatever state the answer is in. */
  close(): void;
  /** RST where the runtime can, else an abrupt close. */
  reset(): void;
}

export type Handler = (request: SeenRequest, reply: Reply) => void | Promise<void>;

export interface Upstream {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  /** Exchanges what answers from now on. */
  handle(handler: Handler): void;
  stop(): Promise<void>;
}

export const SSE: Headers = { "content-type": "text/event-stream" };

export async function startUpstream(first: Handler): Promise<Upstream> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let handler = first;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const { promise: hungUp, resolve } = Promise.withResolvers<number>();
    const gone = (): void => {
      sockets.delete(socket);
      resolve(performance.now());
    };
    socket.on("close", gone);
    socket.on("end", gone);
    socket.on("error", gone);
    let received = Buffer.alloc(0);
    socket.on("data", (data: Uint8Array) => {
      received = Buffer.concat([received, data]);
      for (let parsed = parse(received); parsed !== null; parsed = parse(received)) {
        received = received.subarray(parsed.length);
        const request: SeenRequest = { ...parsed.request, hungUp };
        requests.push(request);
        void handler(request, createReply(socket));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on TCP has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    handle(next) {
      handler = next;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function parse(bytes: Buffer): { request: Omit<SeenRequest, "hungUp">; length: number } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [line = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const headers = new Map(
    lines.map((each) => {
      const colon = each.indexOf(":");
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()] as const;
    }),
  );
  if (headers.get("transfer-encoding") === "chunked") {
    const chunked = joinChunks(bytes, end + 4);
    if (chunked === null) return null;
    return { request: { method, path, headers, body: chunked.body }, length: chunked.end };
  }
  const length = end + 4 + Number(headers.get("content-length") ?? "0");
  if (bytes.length < length) return null;
  const body = new Uint8Array(bytes.subarray(end + 4, length));
  return { request: { method, path, headers, body }, length };
}

/** A body in chunks, without trailers; null while it is not whole. */
function joinChunks(bytes: Buffer, start: number): { body: Uint8Array; end: number } | null {
  const chunks: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || bytes.length < next) return null;
    if (size === 0) return { body: new Uint8Array(Buffer.concat(chunks)), end: next };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}

function createReply(socket: Socket): Reply {
  const write = (bytes: string | Uint8Array): boolean =>
    socket.destroyed ? false : socket.write(bytes);
  const head = (status: number, headers: Headers): string =>
    `HTTP/1.1 ${status} Status\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}\r\n`;
  const send = (status: number, headers: Headers, body: string | Uint8Array): void => {
    const bytes = Buffer.from(body);
    write(head(status, { ...headers, "content-length": String(bytes.length) }));
    write(bytes);
  };
  return {
    json: (status, value, headers = {}) =>
      send(status, { "content-type": "application/json", ...headers }, JSON.stringify(value)),
    send,
    head: (status, headers) =>
      void write(head(status, { ...headers, "transfer-encoding": "chunked" })),
    chunk(bytes) {
      const data = Buffer.from(bytes);
      return write(
        Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]),
      );
    },
    drained: () => new Promise((resolve) => socket.once("drain", resolve)),
    end: () => void write("0\r\n\r\n"),
    raw: (bytes) => void write(bytes),
    close: () => void socket.end(),
    reset: () => void (socket.resetAndDestroy?.() ?? socket.destroy()),
  };
}
