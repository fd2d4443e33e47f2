/** Connections to the database: the same judgement of addresses as for every other way out, and the same account of it. */
import { connect, type Socket } from "node:net";
import type { DatabasePlace } from "../../db/store.ts";
import { EgressError, type Destination, type EgressReport } from "../egress.ts";
import { cachedResolve, dial, systemResolve, type DialOptions, type Resolve } from "./dial.ts";
import { openSocket } from "./wire-node.ts";

/** By this name it stands among the destinations. */
const NAME = "database";

export interface DatabaseDialer {
  /** A connected socket, plain. @throws (rejects with) EgressError, as a socket's own error would */
  connect(): Promise<Socket>;
  report(): EgressReport;
}

export interface DatabaseDialerOptions {
  readonly connectMs: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly resolve?: Resolve;
}

export function createDatabaseDialer(
  { host, port }: DatabasePlace,
  options: DatabaseDialerOptions,
): DatabaseDialer {
  const { connectMs, now } = options;
  const isSocketFile = host.startsWith("/");
  const destination: Destination = {
    name: NAME,
    origin: isSocketFile
      ? `unix:${host}`
      : `postgres://${host.includes(":") ? `[${host}]` : host}:${port}`,
    reason: "database",
    allowPrivate: true,
  };
  const dialOptions: DialOptions = {
    resolve: cachedResolve(options.resolve ?? systemResolve, now),
    connectMs,
    now,
  };
  const open = new Set<Socket>();
  const closed = { sent: 0, received: 0 };
  let connections = 0;
  let refused = 0;

  function keep(socket: Socket): Socket {
    connections += 1;
    open.add(socket);
    socket.setNoDelay(true);
    // The driver takes its own listeners away, and everybody's with them, where it goes on in TLS: so `destroy` is watched, too.
    const gone = (): void => {
      if (!open.delete(socket)) return;
      closed.sent += socket.bytesWritten;
      closed.received += socket.bytesRead;
    };
    socket.once("close", gone);
    return socket;
  }

  function sweep(): void {
    for (const socket of open) {
      if (!socket.destroyed) continue;
      open.delete(socket);
      closed.sent += socket.bytesWritten;
      closed.received += socket.bytesRead;
    }
  }

  return {
    connect: () =>
      new Promise((resolve, reject) => {
        const done = (result: Socket | EgressError): void => {
          if (!(result instanceof EgressError)) return resolve(keep(result));
          if (result.kind === "refused") refused += 1;
          reject(Object.assign(result, { code: "UNREACHABLE" }));
        };
        if (isSocketFile) openSocketFile(`${host}/.s.PGSQL.${port}`, done);
        else dial(destination, { isTls: false, host, port }, dialOptions, openSocket, done);
      }),
    report() {
      sweep();
      const live = [...open];
      const sum = (of: (socket: Socket) => number) =>
        live.reduce((total, each) => total + of(each), 0);
      return {
        destination: NAME,
        origin: destination.origin,
        reason: destination.reason,
        isAllowed: true,
        requests: connections,
        bytesSent: closed.sent + sum((socket) => socket.bytesWritten),
        bytesReceived: closed.received + sum((socket) => socket.bytesRead),
        refused,
        openConnections: live.length,
        idleConnections: 0,
      };
    },
  };
}

function openSocketFile(path: string, done: (result: Socket | EgressError) => void): void {
  const socket = connect({ path });
  const failed = (): void => done(new EgressError("unreachable"));
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.removeListener("error", failed);
    done(socket);
  });
}
