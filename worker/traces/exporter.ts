/**
 * The gateway's side of the export: sends what the thread made through the one way out, and counts. No request waits for it, and
 * nothing is lost if the Collector is away: the ledger is the queue.
 */
import { Worker } from "node:worker_threads";
import type { Egress } from "../egress.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { Log } from "../telemetry/log.ts";
import { readExportAnswer } from "./export-answer.ts";
import { exchange } from "./http.ts";
import type { ExportState, ExportTask, FromExporter, ToExporter } from "./messages.ts";
import type { SendResult } from "./shipping.ts";

/** The egress' name for the Collector. */
export const COLLECTOR = "otlp collector";
const SEND_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const RESTART_MS = 5_000;
const CLOSE_MS = 5_000;

export interface ExporterOptions extends ExportTask {
  readonly egress: Egress;
  /** `/v1/traces` of the Collector. */
  readonly path: string;
  /** Whether a request's content is still recorded, or to be sealed. */
  isUnsealed(traceId: string): boolean;
  readonly counters: Counters;
  readonly log: Log;
}

export interface Exporter {
  /** `spans_dropped`: so much waits that the oldest was given up. */
  readonly state: ExportState | "spans_dropped";
  /** What waits while the Collector is away, about. */
  readonly waitingBytes: number;
  /** Rows whose spans the other side refused for good. */
  readonly setAside: number;
  close(): Promise<void>;
}

export function createExporter(options: ExporterOptions): Exporter {
  const { counters, log } = options;
  const { dataDir, resource, sampledShare, startAfter, maxWaitingBytes } = options;
  const task: ExportTask = { dataDir, resource, sampledShare, startAfter, maxWaitingBytes };
  let worker: Worker | null = null;
  let restart: ReturnType<typeof setTimeout> | undefined;
  let state: ExportState = "ok";
  let setAside = 0;
  let waitingBytes = 0;
  let isDropping = false;
  let isClosing = false;
  let closed: (() => void) | null = null;

  function setState(next: ExportState, file: string | null): void {
    if (next === state) return;
    state = next;
    if (next === "ok") log.write("info", "spans are handed over again");
    else {
      log.write("warn", "spans can't be handed over; they wait in the ledger", {
        reason: next,
        ...(file === null ? {} : { file }),
      });
    }
  }

  function received(message: FromExporter, from: Worker): void {
    if (message.kind === "closed") return closed?.();
    if (message.kind === "send") {
      const { id } = message;
      void sendSpans(options.egress, options.path, new Uint8Array(message.body)).then((result) => {
        // Not another one that was started meanwhile, and counts from 1 again.
        from.postMessage({ kind: "sent", id, result } satisfies ToExporter);
      });
      return;
    }
    if (message.kind === "ask") {
      const { id, traceId } = message;
      const isUnsealed = options.isUnsealed(traceId);
      return from.postMessage({ kind: "unsealed", id, isUnsealed } satisfies ToExporter);
    }
    counters.add("anyray_spans_exported_total", "", message.spans);
    counters.add("anyray_spans_rejected_total", "", message.rejectedSpans);
    if (message.setAside > setAside) {
      log.write("error", "spans were refused for good and set aside", { rows: message.setAside });
    }
    setAside = Math.max(setAside, message.setAside);
    if (message.dropped > 0) {
      counters.add("anyray_spans_dropped_total", "", message.dropped);
      log.write(
        "error",
        "too much waits for the Collector; spans of the oldest rows were given up",
        {
          rows: message.dropped,
        },
      );
    }
    isDropping = message.state === "collector_away" && (isDropping || message.dropped > 0);
    waitingBytes = message.waitingBytes;
    setState(message.state, message.file);
  }

  function start(): void {
    const started = new Worker(new URL("./export-thread.ts", import.meta.url), {
      workerData: task,
    });
    started.unref();
    worker = started;
    started.on("message", (message: FromExporter) => received(message, started));
    const died = (): void => {
      if (worker !== started) return;
      worker = null;
      if (isClosing) return closed?.();
      setState("store_failed", null);
      restart = setTimeout(start, RESTART_MS);
      if (typeof restart === "object") restart.unref();
    };
    started.on("error", died);
    started.on("exit", died);
  }

  start();
  return {
    get state() {
      return isDropping ? "spans_dropped" : state;
    },
    get waitingBytes() {
      return waitingBytes;
    },
    get setAside() {
      return setAside;
    },
    async close() {
      isClosing = true;
      clearTimeout(restart);
      const ending = worker;
      if (ending === null) return;
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, CLOSE_MS);
        closed = () => {
          clearTimeout(limit);
          resolve();
        };
        ending.postMessage({ kind: "close" } satisfies ToExporter);
      });
      worker = null;
      await ending.terminate();
    },
  };
}

/** One export. @param path `/v1/traces` of the Collector */
export async function sendSpans(
  egress: Pick<Egress, "send">,
  path: string,
  body: Uint8Array,
): Promise<SendResult> {
  try {
    const answer = await exchange(
      egress,
      {
        destination: COLLECTOR,
        method: "POST",
        pathAndQuery: path,
        headers: [["content-type", "application/x-protobuf"]],
        body: [body],
      },
      { limitMs: SEND_MS, maxBytes: MAX_ANSWER_BYTES },
    );
    return readExportAnswer(answer.status, answer.headers, answer.body);
  } catch {
    return { kind: "later", afterMs: null };
  }
}
