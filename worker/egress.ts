/**
 * The only way out: every outbound connection of the gateway is made here, to destinations that the configuration, or an
 * administrator, named.
 * An HTTP/1.1 client of our own, because the runtimes' `fetch` can neither pin the address that was checked, nor tell a slow
 * connection from a slow answer, nor keep from sending a request twice.
 * No redirect is followed, no proxy variable is read, nothing is sent again.
 */
import type { Socket } from "node:net";
import { Connection, IdleConnections } from "./egress/connection.ts";
import { Deadlines } from "./egress/deadlines.ts";
import {
  cachedResolve,
  contextWith,
  dial,
  openWire,
  systemResolve,
  targetOf,
  type Dial,
  type DialOptions,
  type Resolve,
  type Target,
} from "./egress/dial.ts";
import { HttpExchange, type ExchangeHome } from "./egress/exchange.ts";
import { joinSockets } from "./egress/relay.ts";
import { encodeRequest } from "./egress/request-head.ts";
import { openSocket } from "./egress/wire-node.ts";
import type { Opening, Wire } from "./egress/wire.ts";
import type { Upload } from "./egress/upload.ts";

export type { Upload } from "./egress/upload.ts";
export type { Socket as RelayCaller } from "node:net";

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Receives a body as it arrives. After `end` or `fail` nothing more comes. */
export interface BodySink {
  data(chunk: Uint8Array): void;
  /** The body is complete by HTTP's own framing (length reached, last chunk seen, or close where close is the framing). */
  end(): void;
  fail(error: EgressError): void;
}

export interface AnswerBody {
  /** Call once. Nothing is delivered before. May deliver synchronously. */
  start(sink: BodySink): void;
  /** Stop delivering and let TCP push back; chunks that are already decoded may still come. */
  pause(): void;
  resume(): void;
}

export interface Answer {
  readonly status: number;
  /** As received, names in lower case, order kept. Without `content-encoding` and `content-length` if the body was decoded. */
  readonly headers: HeaderList;
  readonly body: AnswerBody;
}

/** One request under way. */
export interface Exchange {
  /** Resolves when status and headers are in; rejects with `EgressError`. */
  readonly answer: Promise<Answer>;
  /** Closes the connection at once; `answer` or the sink then fails with `cancelled`. Safe at any time and more than once. */
  cancel(): void;
}

export type EgressFailure =
  /** Not a destination, not an allowed address, or not a valid request. */
  | "refused"
  | "unresolvable"
  | "unreachable"
  | "timeout_connect"
  | "timeout_first_byte"
  /** Closed without one byte of answer. */
  | "closed"
  | "malformed"
  | "cut"
  | "cancelled";

export class EgressError extends Error {
  readonly kind: EgressFailure;
  /** True only where a kept-alive connection died before one byte of answer: a new attempt may be made. */
  readonly isRetryable: boolean;
  constructor(kind: EgressFailure, isRetryable = false) {
    super(`upstream ${kind}`);
    this.name = "EgressError";
    this.kind = kind;
    this.isRetryable = isRetryable;
  }
}

/** A place that may be connected to. */
export interface Destination {
  /** By which requests name it. */
  readonly name: string;
  /** `https://api.openai.com`, with a port where it is not the scheme's own. */
  readonly origin: string;
  /** Why it is allowed, in our words. */
  readonly reason: string;
  /** Deploy-time configuration wrote this host down: it may be, or resolve to, a private or loopback address. */
  readonly allowPrivate: boolean;
}

export interface EgressRequest {
  /** A destination's name. */
  readonly destination: string;
  /** Where the sender takes it to be: refused if the name means another place by now, so that no credential goes there. */
  readonly origin?: string;
  readonly method: string;
  /** Begins with a slash; ASCII without blanks. */
  readonly pathAndQuery: string;
  readonly headers: HeaderList;
  /** Written in order, neither joined nor copied when large. MUST NOT be changed before the answer is in. */
  readonly body: readonly Uint8Array[];
  /** Instead of `body`: one that comes while it is sent. */
  readonly upload?: Upload;
  /** By a connection of its own: no kept-alive one can have died meanwhile, so that there is nothing to try again. */
  readonly isOnce?: true;
}

/** What has crossed the boundary since the start. */
export interface EgressReport {
  readonly destination: string;
  readonly origin: string;
  readonly reason: string;
  /** False: it was, and is no more. */
  readonly isAllowed: boolean;
  readonly requests: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly refused: number;
  /** Idle ones included. */
  readonly openConnections: number;
  readonly idleConnections: number;
}

export interface Egress {
  /** Never throws: a refusal comes through the exchange. */
  send(request: EgressRequest): Exchange;
  /** Joins a caller's socket, which is paused, with a connection to the destination; closes it where there is none. */
  relay(destination: string, caller: Socket): void;
  /** From now on these. Requests under way to any other go on; its idle connections are closed. */
  setDestinations(destinations: readonly Destination[]): void;
  report(): readonly EgressReport[];
  /** Requests to places that nobody configured. */
  refusedElsewhere(): number;
  /** Closes idle connections, and busy ones when they are done; stops the sweep. */
  close(): void;
}

export interface EgressOptions {
  readonly destinations: readonly Destination[];
  /** From the name's resolution to the TLS session. */
  readonly connectMs: number;
  /** From the request's last byte written to the end of the answer's head. */
  readonly firstByteMs: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly resolve?: Resolve;
  /** PEM of further authorities. */
  readonly extraCa?: string;
}

const SWEEP_MS = 5_000;

/** A destination with its connections and counts. */
interface Lane {
  readonly destination: Destination;
  readonly target: Target;
  readonly host: string;
  readonly idle: IdleConnections;
  readonly home: ExchangeHome;
  isAllowed: boolean;
  requests: number;
  bytesSent: number;
  bytesReceived: number;
  refused: number;
  open: number;
}

export function createEgress(options: EgressOptions): Egress {
  const { now } = options;
  const dialOptions: DialOptions = {
    resolve: cachedResolve(options.resolve ?? systemResolve, now),
    connectMs: options.connectMs,
    now,
  };
  const secureContext = options.extraCa === undefined ? null : contextWith(options.extraCa);
  const connect: Connect = (lane, exchange) =>
    connectTo(lane, exchange, dialOptions, (address, target) =>
      openWire(address, target, secureContext),
    );
  const heads = new Deadlines(options.firstByteMs, now);
  /** All that there were since the start: what has left stays accounted for. */
  const lanes = new Map<string, Lane>();
  /** Those that may be used, by name. */
  let allowed: ReadonlyMap<string, Lane> = new Map();
  const nowhere: ExchangeHome = { heads, sent: () => undefined, release: () => undefined };
  let refusedElsewhere = 0;
  const sweep = setInterval(() => {
    for (const lane of lanes.values()) lane.idle.sweep();
  }, SWEEP_MS);
  // A timer of housekeeping must not keep the process alive.
  if (typeof sweep === "object") sweep.unref();

  function setDestinations(destinations: readonly Destination[]): void {
    const next = new Map<string, Lane>();
    for (const each of destinations) {
      const place = JSON.stringify([each.name, each.origin, each.reason, each.allowPrivate]);
      const lane = lanes.get(place) ?? createLane(each, heads, now);
      lanes.set(place, lane);
      next.set(each.name, lane);
    }
    for (const lane of lanes.values()) {
      lane.isAllowed = next.get(lane.destination.name) === lane;
      if (!lane.isAllowed) lane.idle.clear();
    }
    allowed = next;
  }
  setDestinations(options.destinations);

  return {
    send(request) {
      const lane = allowed.get(request.destination);
      const { origin } = request;
      const isThere = origin === undefined || origin === lane?.destination.origin;
      if (lane !== undefined && isThere) return send(lane, request, connect);
      refusedElsewhere += 1;
      return refusedExchange(nowhere);
    },
    relay(destination, caller) {
      const lane = allowed.get(destination);
      if (lane !== undefined) return relay(lane, caller, dialOptions);
      refusedElsewhere += 1;
      caller.destroy();
    },
    setDestinations,
    report: () => [...lanes.values()].map(reportOf),
    refusedElsewhere: () => refusedElsewhere,
    close() {
      clearInterval(sweep);
      for (const lane of lanes.values()) lane.idle.close();
    },
  };
}

function createLane(destination: Destination, heads: Deadlines, now: () => number): Lane {
  const idle = new IdleConnections(now);
  const lane: Lane = {
    destination,
    target: targetOf(destination.origin),
    host: new URL(destination.origin).host,
    idle,
    home: {
      heads,
      sent(count) {
        lane.bytesSent += count;
      },
      release(connection, keepAlive, isReusable) {
        if (isReusable && lane.isAllowed) idle.put(connection, keepAlive);
        else connection.destroy();
      },
    },
    isAllowed: true,
    requests: 0,
    bytesSent: 0,
    bytesReceived: 0,
    refused: 0,
    open: 0,
  };
  return lane;
}

function reportOf(lane: Lane): EgressReport {
  return {
    destination: lane.destination.name,
    origin: lane.destination.origin,
    reason: lane.destination.reason,
    isAllowed: lane.isAllowed,
    requests: lane.requests,
    bytesSent: lane.bytesSent,
    bytesReceived: lane.bytesReceived,
    refused: lane.refused,
    openConnections: lane.open,
    idleConnections: lane.idle.count,
  };
}

function refusedExchange(home: ExchangeHome): Exchange {
  const exchange = new HttpExchange(home, [], false);
  exchange.refuse(new EgressError("refused"));
  return exchange;
}

/** Gives the exchange a new connection, or the reason why there is none. */
type Connect = (lane: Lane, exchange: HttpExchange) => Dial;

function send(lane: Lane, request: EgressRequest, connect: Connect): Exchange {
  const { body, headers, method, pathAndQuery, upload } = request;
  const sizeBytes = upload?.sizeBytes;
  let pieces: Uint8Array[];
  try {
    pieces = encodeRequest({ method, host: lane.host, pathAndQuery, headers, body, sizeBytes });
  } catch {
    lane.refused += 1;
    return refusedExchange(lane.home);
  }
  const exchange = new HttpExchange(lane.home, pieces, method === "HEAD", upload);
  lane.requests += 1;
  const idle = request.isOnce === true ? null : lane.idle.take();
  if (idle === null) exchange.dialing(connect(lane, exchange));
  else exchange.begin(idle);
  return exchange;
}

function connectTo(
  lane: Lane,
  exchange: HttpExchange,
  options: DialOptions,
  open: (address: string, target: Target) => Opening<Wire>,
): Dial {
  return dial(lane.destination, lane.target, options, open, (result) => {
    if (result instanceof EgressError) {
      if (result.kind === "refused") lane.refused += 1;
      exchange.refuse(result);
      return;
    }
    lane.open += 1;
    const connection: Connection = new Connection(
      result,
      (count) => {
        lane.bytesReceived += count;
      },
      () => {
        lane.open -= 1;
        lane.idle.remove(connection);
      },
    );
    exchange.begin(connection);
  });
}

function relay(lane: Lane, caller: Socket, dialOptions: DialOptions): void {
  lane.requests += 1;
  const attempt = dial(lane.destination, lane.target, dialOptions, openSocket, (result) => {
    if (result instanceof EgressError) {
      if (result.kind === "refused") lane.refused += 1;
      caller.destroy();
      return;
    }
    lane.open += 1;
    joinSockets(caller, result, {
      sent: (count) => {
        lane.bytesSent += count;
      },
      received: (count) => {
        lane.bytesReceived += count;
      },
      closed: () => {
        lane.open -= 1;
      },
    });
  });
  // One that has left meanwhile; afterwards this does nothing.
  caller.once("close", () => attempt.cancel());
}
