/** Wires of `node:net` and `node:tls`: TLS on every runtime, and plain TCP where the runtime has nothing better. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import type { Target } from "./dial.ts";
import { PROBE_AFTER_MS, type Opening, type Wire, type WireUser } from "./wire.ts";

export function openSocket(address: string, { port }: Target): Opening<Socket> {
  return opening(connectPlain({ host: address, port }), "connect");
}

/** The certificate must be valid for the destination's name. @param secureContext null: the runtime's own authorities */
export function openTlsWire(
  address: string,
  { host, port }: Target,
  secureContext: SecureContext | null,
): Opening<Wire> {
  const socket = connectTls({
    host: address,
    port,
    // The name decides: for SNI, and for what the certificate must be valid for.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true,
    ...(secureContext === null ? {} : { secureContext }),
  });
  return asWire(opening(socket, "secureConnect"));
}

export function asWire(socket: Opening<Socket>): Opening<Wire> {
  return {
    connected: socket.connected.then((each) => (each === null ? null : new NodeWire(each))),
    destroy: () => socket.destroy(),
  };
}

function opening(socket: Socket, event: "connect" | "secureConnect"): Opening<Socket> {
  const { promise, resolve } = Promise.withResolvers<Socket | null>();
  socket.once(event, () => resolve(socket));
  socket.on("error", () => resolve(null));
  socket.once("close", () => resolve(null));
  return { connected: promise, destroy: () => void socket.destroy() };
}

class NodeWire implements Wire {
  readonly #socket: Socket;
  #isEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, PROBE_AFTER_MS);
  }

  listen(user: WireUser): void {
    const socket = this.#socket;
    const ended = (isOrderly: boolean): void => {
      if (this.#isEnded) return;
      this.#isEnded = true;
      user.ended(isOrderly);
      socket.destroy();
    };
    socket.on("data", (chunk: Uint8Array) => user.received(chunk));
    socket.on("drain", () => user.drained());
    socket.on("end", () => ended(true));
    socket.on("error", () => ended(false));
    socket.on("close", () => ended(false));
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  get hasUnsent(): boolean {
    return this.#socket.writableLength > 0;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  destroy(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }
}
