/**
 * Hands on a body that is no event stream and too large to wait for. Its last bytes are the terminal unit: one chunk is
 * always held back, and goes out when the ledger row is committed. Nothing is ever added to it.
 */
import type { AnswerBody, BodySink } from "../egress.ts";
import { ClientStream } from "./client-stream.ts";
import { Watch, type RelayContext, type StreamEnd } from "./relay.ts";

export interface BodyRelayOptions extends Omit<RelayContext, "keepAliveMs" | "requestId"> {
  readonly body: AnswerBody;
  /** Whether the last chunk waits for the row; false: only the end does. For events, each of which must go out as it comes. */
  readonly holdsBack: boolean;
  /** What was received while it still seemed small. */
  readonly received: readonly Uint8Array[];
  /** Sees every further chunk. */
  observe(chunk: Uint8Array): void;
}

export class BodyRelay implements BodySink {
  readonly #options: BodyRelayOptions;
  readonly #client: ClientStream;
  readonly #watch: Watch;
  #held: Uint8Array;
  #lastUpstreamAt: number;
  #isSettled = false;

  constructor(options: BodyRelayOptions) {
    this.#options = options;
    this.#lastUpstreamAt = options.now();
    this.#client = new ClientStream(
      {
        resume: () => {
          this.#lastUpstreamAt = options.now();
          options.body.resume();
        },
        hangUp: () => this.#finish({ outcome: "aborted" }),
      },
      options.observer,
    );
    this.#held = options.received.at(-1) ?? new Uint8Array();
    for (const chunk of options.received.slice(0, -1)) this.#send(chunk);
    this.#watch = new Watch(options.now, () => this.#checkTime());
    this.#watch.at(this.#nextCheck());
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#client.readable;
  }

  abort(): void {
    this.#client.abort();
  }

  data(chunk: Uint8Array): void {
    this.#lastUpstreamAt = this.#options.now();
    if (this.#isSettled) return;
    this.#options.observe(chunk);
    if (!this.#options.holdsBack) return this.#send(chunk);
    this.#send(this.#held);
    this.#held = chunk;
  }

  end(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#watch.stop();
    this.#options.settle({ outcome: "ok" }).then(
      () => {
        this.#send(this.#held);
        this.#client.close();
      },
      () => this.#client.breakOff(),
    );
  }

  fail(): void {
    this.#finish({ outcome: "cut" });
  }

  #send(bytes: Uint8Array): void {
    if (!this.#client.write(bytes)) this.#options.body.pause();
  }

  #finish(end: StreamEnd): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#watch.stop();
    this.#options.cancelUpstream();
    const breakOff = () => this.#client.breakOff();
    this.#options.settle(end).then(breakOff, breakOff);
  }

  #nextCheck(): number {
    return Math.min(this.#lastUpstreamAt + this.#options.idleMs, this.#options.totalDeadline);
  }

  #checkTime(): number {
    const { idleMs, now, totalDeadline } = this.#options;
    if (this.#isSettled) return Infinity;
    const time = now();
    if (this.#client.isPaused) this.#lastUpstreamAt = time;
    if (time >= totalDeadline) this.#finish({ outcome: "timeout", code: "timeout_total" });
    else if (time >= this.#lastUpstreamAt + idleMs) {
      this.#finish({ outcome: "timeout", code: "timeout_idle" });
    }
    return this.#isSettled ? Infinity : this.#nextCheck();
  }
}
