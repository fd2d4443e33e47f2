/**
 * Hands a provider's event stream to the client as it arrives, and sees to the laws of streaming: the terminal unit
 * waits for the ledger, a cut answer is broken off, silence is filled with comments, hang-up and back-pressure travel up.
 */
import { latin1, utf8Bytes } from "../bytes.ts";
import type { ErrorWire, StreamReader } from "../dialects/wire.ts";
import type { AnswerBody, BodySink } from "../egress.ts";
import { GatewayError, type ErrorCode } from "../errors.ts";
import { ClientStream } from "./client-stream.ts";
import { Watch, type RelayContext, type StreamEnd } from "./relay.ts";
import { SseSplitter } from "./sse.ts";
import type { Transcript } from "./transcript.ts";

const COMMENT = utf8Bytes(": keep-alive\n\n");
/** So much of an unfinished event is looked at; what comes behind changes nothing, and looking at it with every chunk would take for ever. */
const LOOKED_AT = 64 * 1024;
/** An event is kept until it ends. The longest there are bring whole pictures. */
const MAX_EVENT = 64 * 1024 * 1024;
/** How long the upstream may take to end its body after the terminal unit. */
const LINGER_MS = 2_000;

export interface SseRelayOptions extends RelayContext {
  /** Monotonic time since which the client has waited for a byte: the first comment is due by this, and brings the head of the answer along. */
  readonly silentSince: number;
  readonly reader: StreamReader;
  readonly errors: ErrorWire;
  readonly transcript: Transcript;
}

export class SseRelay implements BodySink {
  readonly #options: SseRelayOptions;
  readonly #client: ClientStream;
  readonly #splitter = new SseSplitter();
  readonly #watch: Watch;
  #body: AnswerBody | null = null;
  /** Bytes of an unfinished event that the client must not have yet. */
  #held: Uint8Array[] = [];
  /** The client has the beginning of an unfinished event: nothing of ours may be written now. */
  #isMidEvent = false;
  /** Of an unfinished event that is longer than what is looked at. */
  #longBeginning: string | null = null;
  /** From the terminal unit on, until the ledger row is committed. */
  #afterTerminal: Uint8Array[] = [];
  /** relaying → (terminal seen) committing → released; or → done at once for every other end. */
  #state: "relaying" | "committing" | "released" | "done" = "relaying";
  #hasUpstreamEnded = false;
  #lastUpstreamAt: number;
  #lastSentAt: number;

  constructor(options: SseRelayOptions) {
    this.#options = options;
    this.#lastUpstreamAt = options.now();
    this.#lastSentAt = options.silentSince;
    this.#client = new ClientStream(
      {
        resume: () => {
          this.#lastUpstreamAt = this.#options.now();
          this.#body?.resume();
        },
        hangUp: () => this.#hungUp(),
      },
      options.observer,
    );
    this.#watch = new Watch(options.now, () => this.#checkTime());
    this.#watch.at(this.#nextCheck());
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#client.readable;
  }

  /** Begins to relay. Before, only comments are sent. */
  attach(body: AnswerBody): void {
    this.#body = body;
    this.#lastUpstreamAt = this.#options.now();
    if (this.#state !== "relaying") return;
    body.start(this);
    this.#watch.at(this.#nextCheck());
  }

  /** The client hung up. */
  abort(): void {
    this.#client.abort();
  }

  /** Ends a stream for which no body came: as the dialect's error event and a break. */
  refuse(end: StreamEnd, event: string): void {
    this.#finish(end, event);
  }

  data(chunk: Uint8Array): void {
    this.#lastUpstreamAt = this.#options.now();
    if (this.#state === "done") return;
    this.#options.transcript.add(chunk);
    if (this.#state === "relaying") this.#relay(chunk);
    else if (this.#state === "released") this.#send(chunk);
    else this.#afterTerminal.push(chunk);
  }

  end(): void {
    this.#hasUpstreamEnded = true;
    if (this.#state === "released") this.#close();
    if (this.#state !== "relaying") return;
    const { reader } = this.#options;
    // The last event may lack its blank line.
    const rest = this.#splitter.partial;
    if (rest !== "" && reader.read(`${rest}\n\n`) === "end") this.#terminal(this.#held);
    else if (reader.isComplete()) this.#terminal(this.#held);
    else this.#cut();
  }

  fail(): void {
    this.#hasUpstreamEnded = true;
    if (this.#state === "released") this.#close();
    if (this.#state === "relaying") this.#cut();
  }

  #relay(chunk: Uint8Array): void {
    const { reader } = this.#options;
    /** Start of what is not decided yet. */
    let from = 0;
    let eventStart = 0;
    this.#splitter.push(latin1(chunk), (event, end) => {
      if (this.#state !== "relaying") return;
      const verdict = this.#isMidEvent ? wholeOnly(reader.read(event)) : reader.read(event);
      if (verdict === "pass") {
        this.#releaseHeld();
      } else {
        this.#send(chunk.subarray(from, eventStart));
        const held = this.#takeHeld();
        if (verdict === "end") this.#terminal([...held, chunk.subarray(eventStart)]);
        from = end;
      }
      this.#isMidEvent = false;
      this.#longBeginning = null;
      eventStart = end;
    });
    if (this.#state !== "relaying") return;
    if (eventStart === chunk.length) {
      this.#send(from === 0 ? chunk : chunk.subarray(from));
    } else if (this.#mayHold(this.#splitter.partial)) {
      this.#send(chunk.subarray(from, eventStart));
      this.#held.push(chunk.subarray(eventStart));
    } else {
      this.#releaseHeld();
      this.#send(from === 0 ? chunk : chunk.subarray(from));
      this.#isMidEvent = true;
    }
    if (this.#splitter.partial.length > MAX_EVENT) this.#cut();
  }

  #mayHold(partial: string): boolean {
    if (this.#isMidEvent) return false;
    if (partial.length <= LOOKED_AT) return this.#options.reader.mayHold(partial);
    this.#longBeginning ??= partial.slice(0, LOOKED_AT);
    return this.#options.reader.mayHold(this.#longBeginning);
  }

  #releaseHeld(): void {
    if (this.#held.length === 0) return;
    for (const bytes of this.#takeHeld()) this.#send(bytes);
  }

  #takeHeld(): Uint8Array[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#lastSentAt = this.#lastUpstreamAt;
    if (!this.#client.write(bytes)) this.#body?.pause();
  }

  /** The answer is whole: commit, then let the client see its end. */
  #terminal(rest: Uint8Array[]): void {
    this.#state = "committing";
    this.#afterTerminal = rest;
    const outcome = this.#options.reader.facts().isError ? "upstream_error" : "ok";
    this.#options.settle({ outcome }).then(
      () => this.#release(),
      () => this.#breakWith("store_unavailable"),
    );
  }

  #release(): void {
    if (this.#state !== "committing") return;
    this.#state = "released";
    for (const bytes of this.#afterTerminal) this.#send(bytes);
    this.#afterTerminal = [];
    if (this.#hasUpstreamEnded) this.#close();
    else this.#watch.at(this.#options.now() + LINGER_MS);
  }

  #close(): void {
    this.#state = "done";
    this.#watch.stop();
    this.#client.close();
  }

  /** The provider stopped in the middle, or after an error of its own. */
  #cut(): void {
    if (this.#options.reader.facts().isError) {
      this.#releaseHeld();
      this.#finish({ outcome: "upstream_error" }, null);
    } else {
      this.#finish({ outcome: "cut" }, this.#errorEvent("upstream_unreachable"));
    }
  }

  /** Every end but the good one: row first, then the error event where one may stand, then the break. */
  #finish(end: StreamEnd, event: string | null): void {
    this.#state = "done";
    this.#watch.stop();
    this.#options.cancelUpstream();
    const settled = this.#options.settle(end);
    const breakOff = () => this.#writeErrorAndBreak(event);
    settled.then(breakOff, breakOff);
  }

  #breakWith(code: ErrorCode): void {
    this.#state = "done";
    this.#watch.stop();
    this.#options.cancelUpstream();
    this.#writeErrorAndBreak(this.#errorEvent(code));
  }

  #writeErrorAndBreak(event: string | null): void {
    if (event !== null && !this.#isMidEvent) this.#client.write(utf8Bytes(event));
    this.#client.breakOff();
  }

  #errorEvent(code: ErrorCode): string {
    return this.#options.errors.event(new GatewayError(code), this.#options.requestId);
  }

  #hungUp(): void {
    const wasRelaying = this.#state === "relaying";
    // Before the upstream is cancelled: what it says to that is no end of the answer any more.
    if (wasRelaying) this.#state = "done";
    this.#watch.stop();
    this.#options.cancelUpstream();
    if (!wasRelaying) return;
    // A row that can't be written now is retried behind `settle`; nobody waits for it here.
    this.#options.settle({ outcome: "aborted" }).catch(() => undefined);
  }

  #nextCheck(): number {
    const { idleMs, keepAliveMs, totalDeadline } = this.#options;
    return Math.min(this.#lastUpstreamAt + idleMs, this.#lastSentAt + keepAliveMs, totalDeadline);
  }

  #checkTime(): number {
    const { idleMs, keepAliveMs, now, totalDeadline } = this.#options;
    const time = now();
    if (this.#state === "released") {
      this.#options.cancelUpstream();
      this.#close();
    }
    if (this.#state !== "relaying") return Infinity;
    if (time >= totalDeadline) return this.#timeOut("timeout_total");
    // Before the head the provider's own time-out counts, and no silence is its fault while the client is behind.
    if (this.#body === null || this.#client.isPaused) this.#lastUpstreamAt = time;
    if (time >= this.#lastUpstreamAt + idleMs) return this.#timeOut("timeout_idle");
    if (time >= this.#lastSentAt + keepAliveMs) {
      if (!this.#isMidEvent && !this.#client.isPaused) this.#client.write(COMMENT);
      this.#lastSentAt = time;
    }
    return this.#nextCheck();
  }

  #timeOut(code: "timeout_total" | "timeout_idle"): number {
    this.#finish({ outcome: "timeout", code }, this.#errorEvent(code));
    return Infinity;
  }
}

/** An event whose beginning the client has can't be hidden any more. */
function wholeOnly(verdict: ReturnType<StreamReader["read"]>): "pass" | "end" {
  return verdict === "end" ? "end" : "pass";
}
