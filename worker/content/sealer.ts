/**
 * The gateway's side of sealing: collects what requests leave, hands it to the thread in batches, and counts what became of it.
 * Nothing here is waited for by a request. Should the thread die, what it had is lost and counted, and another one is started.
 */
import { Worker } from "node:worker_threads";
import type { ErasedSubject, Subject } from "../../db/store.ts";
import { requestSpanId } from "../ids.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { Log } from "../telemetry/log.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { FromSealer, KeyCheck, PartHead, SealerTask, ToSealer } from "./messages.ts";
import type { RecordedContent } from "./recording.ts";
import type { PartResult, StoreState } from "./sealing.ts";

/** All that may wait, and be recorded, at once. */
const MEMORY_BYTES = 128 * 1024 * 1024;
/** Of the requests of one client key: whoever keeps large ones open takes no other's place. */
const SHARE_BYTES = 96 * 1024 * 1024;
/** Requests that end close together are sealed together: a batch costs one message and one commit. */
const BATCH_MS = 20;
const BATCH_BYTES = 256 * 1024;
const RESTART_MS = 1_000;
const CLOSE_MS = 10_000;

export interface SealerState {
  readonly key: KeyCheck;
  readonly store: StoreState;
}

export interface SealerOptions extends SealerTask {
  readonly counters: Counters;
  readonly log: Log;
  /** Called at every change, and once after the start. */
  onState(state: SealerState): void;
}

export interface Sealer {
  readonly budget: MemoryBudget;
  /** Trace ids of requests whose content is still recorded, or to be sealed: not at rest yet, and not lost. */
  readonly unsealed: Set<string>;
  /** Starts the thread if it is not there. */
  start(): void;
  /** @param mode at the hand-over */
  add(content: RecordedContent, mode: "encrypted" | "plaintext"): void;
  /** In the order of their handles. Rejects if they can't be read. */
  subjects(after: string | null, limit: number): Promise<readonly Subject[]>;
  erased(): Promise<readonly ErasedSubject[]>;
  /** False if there is no such key. Rejects if it can't be erased now. */
  erase(handle: string, atMs: number): Promise<boolean>;
  /** From now on content is kept for so long; null: for ever. */
  keepFor(ms: number | null): void;
  /** Seals what waits, then ends the thread. */
  close(): Promise<void>;
}

/** What is held for a request until the thread has answered for it. */
type Held = Pick<RecordedContent, "traceId" | "heldBytes" | "holder">;

interface Waiting {
  resolve(answer: FromSealer): void;
  reject(error: Error): void;
}

export function createSealer(options: SealerOptions): Sealer {
  const { counters, log, onState } = options;
  const task: Omit<SealerTask, "keepMs"> = {
    dataDir: options.dataDir,
    keys: options.keys,
    recipients: options.recipients,
    inlineMaxBytes: options.inlineMaxBytes,
    maxBytes: options.maxBytes,
  };
  let { keepMs } = options;
  const budget = new MemoryBudget(MEMORY_BYTES, SHARE_BYTES);
  const unsealed = new Set<string>();
  /** Of the batches that the thread has, in their order. */
  let underWay: (readonly Held[])[] = [];
  const questions = new Map<number, Waiting>();
  let batch: { content: RecordedContent; mode: "encrypted" | "plaintext" }[] = [];
  let batchBytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let restart: ReturnType<typeof setTimeout> | undefined;
  let worker: Worker | null = null;
  /** What the thread has and has not answered for. */
  let sentParts = 0;
  let questionCount = 0;
  let state: SealerState = { key: "ok", store: "ok" };
  let isClosing = false;
  let closed: (() => void) | null = null;

  function setState(next: SealerState): void {
    state = next;
    onState(next);
  }

  function count(results: Readonly<Partial<Record<PartResult, number>>>): void {
    for (const [result, parts] of Object.entries(results)) {
      counters.add("anyray_content_parts_total", `result="${result}"`, parts);
    }
  }

  function ended(contents: readonly Held[]): void {
    for (const { traceId, heldBytes, holder } of contents) {
      budget.give(heldBytes, holder);
      unsealed.delete(traceId);
    }
  }

  function died(): void {
    worker = null;
    for (const contents of underWay) ended(contents);
    underWay = [];
    if (sentParts > 0) count({ sealer_failed: sentParts });
    sentParts = 0;
    for (const { reject } of questions.values()) reject(new Error("the sealing thread ended"));
    questions.clear();
    if (isClosing) return closed?.();
    log.write("error", "the sealing thread ended; content is left out until the next one runs");
    setState({ ...state, store: "failed" });
    restart = setTimeout(start, RESTART_MS);
    if (typeof restart === "object") restart.unref();
  }

  function received(message: FromSealer): void {
    switch (message.kind) {
      case "state":
        return setState({ key: message.key, store: message.store });
      case "sealed": {
        const parts = Object.values(message.results).reduce((sum, each) => sum + each, 0);
        ended(underWay.shift() ?? []);
        sentParts -= parts;
        count(message.results);
        if (message.store !== state.store) setState({ ...state, store: message.store });
        return;
      }
      case "inTheWay":
        return log.write("error", "content can't be stored", { file: message.file });
      case "keysMissing":
        return log.write(
          "error",
          "there is sealed content, and no key of it: subjects.sqlite was lost or left behind; without it that can't be opened",
        );
      case "expired":
        return counters.add("anyray_content_expired_total", "", message.parts);
      case "closed":
        return closed?.();
      default: {
        const waiting = questions.get(message.id);
        questions.delete(message.id);
        if (message.kind === "failed") waiting?.reject(new Error("the subject keys can't be used"));
        else waiting?.resolve(message);
      }
    }
  }

  function start(): void {
    if (worker !== null || isClosing) return;
    clearTimeout(restart);
    const started = new Worker(new URL("./sealer-thread.ts", import.meta.url), {
      workerData: { ...task, keepMs } satisfies SealerTask,
    });
    // What must be sealed before the end is waited for by `close`.
    started.unref();
    worker = started;
    started.on("message", received);
    const end = (): void => {
      if (worker === started) died();
    };
    started.on("error", end);
    started.on("exit", end);
  }

  function send(message: ToSealer, transfer: ArrayBuffer[] = []): void {
    start();
    worker?.postMessage(message, transfer);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (batch.length === 0) return;
    const contents = batch;
    batch = [];
    batchBytes = 0;
    const { parts, bytes } = pack(contents);
    sentParts += parts.length;
    underWay.push(
      contents.map(({ content: { traceId, heldBytes, holder } }) => ({
        traceId,
        heldBytes,
        holder,
      })),
    );
    send({ kind: "seal", parts, bytes }, [bytes]);
  }

  function ask(question: (id: number) => ToSealer): Promise<FromSealer> {
    if (isClosing) return Promise.reject(new Error("the gateway is closing"));
    return new Promise((resolve, reject) => {
      const id = ++questionCount;
      questions.set(id, { resolve, reject });
      send(question(id));
    });
  }

  return {
    budget,
    unsealed,
    start,
    add(content, mode) {
      batch.push({ content, mode });
      batchBytes += content.heldBytes;
      if (batchBytes >= BATCH_BYTES) return flush();
      timer ??= setTimeout(flush, BATCH_MS);
    },
    async subjects(after, limit) {
      const answer = await ask((id) => ({ kind: "subjects", id, after, limit }));
      return answer.kind === "subjects" ? answer.subjects : [];
    },
    async erased() {
      const answer = await ask((id) => ({ kind: "erased", id }));
      return answer.kind === "erased" ? answer.erased : [];
    },
    async erase(handle, atMs) {
      flush();
      const answer = await ask((id) => ({ kind: "erase", id, handle, atMs }));
      return answer.kind === "erase" && answer.isErased;
    },
    keepFor(ms) {
      if (ms === keepMs) return;
      keepMs = ms;
      // One that is started later is told then.
      worker?.postMessage({ kind: "keep", keepMs } satisfies ToSealer);
    },
    async close() {
      flush();
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
        ending.postMessage({ kind: "close" } satisfies ToSealer);
      });
      worker = null;
      await ending.terminate();
    },
  };
}

/** All bytes in one buffer, which is handed over instead of copied. */
function pack(contents: readonly { content: RecordedContent; mode: "encrypted" | "plaintext" }[]) {
  const all = contents.flatMap(({ content }) => content.parts.flatMap(({ chunks }) => chunks));
  const packed = new Uint8Array(all.reduce((sum, chunk) => sum + chunk.length, 0));
  const parts: PartHead[] = [];
  let at = 0;
  for (const { content, mode } of contents) {
    const { traceId, timeMs, subject } = content;
    for (const { field, media, isCut, omitted, chunks } of content.parts) {
      const start = at;
      for (const chunk of chunks) {
        packed.set(chunk, at);
        at += chunk.length;
      }
      const spanId = requestSpanId(traceId);
      parts.push({
        traceId,
        spanId,
        timeMs,
        mode,
        subject,
        field,
        media,
        isCut,
        omitted,
        start,
        length: at - start,
      });
    }
  }
  return { parts, bytes: packed.buffer };
}
