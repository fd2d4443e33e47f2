/**
 * Raw bytes between a caller and one destination: how the console, which stands on a network without a way out, is reached through the
 * gateway. Nothing of what passes is looked at. What is a destination is decided at the door, as for any other connection.
 */
import { createServer, type Server, type Socket } from "node:net";

/** What a relayed connection tells the door. */
export interface RelayCounts {
  sent(count: number): void;
  received(count: number): void;
  closed(): void;
}

/** Passes bytes both ways until both ends are done, or one breaks; then both are gone. */
export function joinSockets(caller: Socket, inside: Socket, counts: RelayCounts): void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    caller.destroy();
    inside.destroy();
    counts.closed();
  };
  for (const socket of [caller, inside]) {
    socket.setNoDelay(true);
    socket.once("error", end);
  }
  caller.on("data", (chunk: Uint8Array) => counts.sent(chunk.length));
  inside.on("data", (chunk: Uint8Array) => counts.received(chunk.length));
  // An end is handed on: the other side may still have something to say.
  caller.pipe(inside);
  inside.pipe(caller);
  caller.once("close", () => (inside.writableFinished || inside.destroyed ? end() : inside.end()));
  inside.once("close", end);
}

export interface RelayListener {
  readonly port: number;
  close(): void;
}

interface RelayOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What to do with each caller; its bytes wait until someone takes them. */
  readonly onCaller: (caller: Socket) => void;
}

/** Rejects where the port is taken. */
export function listenForRelay({ host, port, onCaller }: RelayOptions): Promise<RelayListener> {
  return new Promise((resolve, reject) => {
    const callers = new Set<Socket>();
    const server: Server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (caller) => {
      callers.add(caller);
      caller.once("close", () => callers.delete(caller));
      // Until it is joined nobody else listens for it.
      caller.on("error", () => {});
      onCaller(caller);
    });
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close() {
          server.close();
          for (const caller of callers) caller.destroy();
        },
      });
    });
  });
}
