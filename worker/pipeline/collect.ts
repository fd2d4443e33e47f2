/** Receives an answer's body whole, as long as it stays small; a larger one can be taken over by a relay. */
import type { AnswerBody, BodySink } from "../egress.ts";
import type { ErrorCode } from "../errors.ts";
import { Watch } from "../stream/relay.ts";

/** Above this a body is relayed instead of collected. */
const MAX_BYTES = 8 * 1024 * 1024;

export type Collected =
  | { readonly kind: "whole"; readonly chunks: readonly Uint8Array[] }
  /** The rest is delivered to the sink given to `takeOver`, which must be called at once. */
  | {
      readonly kind: "large";
      readonly chunks: readonly Uint8Array[];
      takeOver(sink: BodySink): void;
    }
  | { readonly kind: "cut"; readonly chunks: readonly Uint8Array[] }
  | {
      readonly kind: "timeout";
      readonly chunks: readonly Uint8Array[];
      readonly code: Extract<ErrorCode, "timeout_idle" | "timeout_total">;
    };

export interface CollectOptions {
  readonly now: () => number;
  readonly idleMs: number;
  /** Monotonic time. */
  readonly totalDeadline: number;
  /** Called at the first byte. */
  onFirstByte(): void;
}

/** Never rejects. A client's hang-up arrives as `cut`. */
export function collect(body: AnswerBody, options: CollectOptions): Promise<Collected> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let lastAt = options.now();
    let taken: BodySink | null = null;

    let isFinished = false;
    let watch: Watch | null = null;

    function finish(result: Collected): number {
      isFinished = true;
      watch?.stop();
      resolve(result);
      return Infinity;
    }

    body.start({
      data(chunk) {
        if (taken !== null) return taken.data(chunk);
        if (size === 0) options.onFirstByte();
        lastAt = options.now();
        chunks.push(chunk);
        size += chunk.length;
        if (size <= MAX_BYTES) return;
        body.pause();
        const waiting = waitingSink();
        taken = waiting;
        finish({
          kind: "large",
          chunks,
          takeOver(sink) {
            taken = sink;
            for (const call of waiting.calls) call(sink);
            body.resume();
          },
        });
      },
      end() {
        if (taken === null) finish({ kind: "whole", chunks });
        else taken.end();
      },
      fail(error) {
        if (taken === null) finish({ kind: "cut", chunks });
        else taken.fail(error);
      },
    });
    // Most bodies are there by now, and need no clock.
    if (isFinished) return;
    watch = new Watch(options.now, () => {
      const time = options.now();
      if (time >= options.totalDeadline) {
        return finish({ kind: "timeout", chunks, code: "timeout_total" });
      }
      if (time >= lastAt + options.idleMs) {
        return finish({ kind: "timeout", chunks, code: "timeout_idle" });
      }
      return Math.min(lastAt + options.idleMs, options.totalDeadline);
    });
    watch.at(Math.min(lastAt + options.idleMs, options.totalDeadline));
  });
}

/** Keeps what still comes between the pause and the relay's start. */
function waitingSink(): BodySink & { readonly calls: ((sink: BodySink) => void)[] } {
  const calls: ((sink: BodySink) => void)[] = [];
  return {
    calls,
    data: (chunk) => void calls.push((sink) => sink.data(chunk)),
    end: () => void calls.push((sink) => sink.end()),
    fail: (error) => void calls.push((sink) => sink.fail(error)),
  };
}
