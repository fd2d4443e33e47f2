/**
 * The thread that makes spans and hands them over: reading, encoding and waiting, away from the event loop that streams. A
 * composition root of its own; the bytes leave through the gateway's one way out, which sends them for it.
 */
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "../../db/background.ts";
import { openContent } from "../../db/sqlite/content.ts";
import { openOutbox } from "../../db/sqlite/outbox.ts";
import { openTail } from "../../db/sqlite/tail.ts";
import { CONTENT_FILES } from "../content/files.ts";
import { firstInTheWay, openAll, withOpen } from "../in-the-way.ts";
import { createBacklog, type Backlog, type Held } from "./backlog.ts";
import type { ExportState, ExportTask, FromExporter, ToExporter } from "./messages.ts";
import { createShipping, type SendResult, type StepResult } from "./shipping.ts";

const LEDGER = "anyray.sqlite";
const OUTBOX = "outbox.sqlite";
const IDLE_MS = 1_000;
const MAX_WAIT_MS = 60_000;

giveWay();
// `exporter.ts` alone starts this thread.
const task = workerData as ExportTask;
const say = (message: FromExporter, transfer: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, transfer);

const waiting = new Map<number, (result: SendResult) => void>();
const asked = new Map<number, (isUnsealed: boolean) => void>();
let messageCount = 0;

function isUnsealed(traceId: string): Promise<boolean> {
  return new Promise((resolve) => {
    const id = ++messageCount;
    asked.set(id, resolve);
    say({ kind: "ask", id, traceId });
  });
}

function send(body: Uint8Array): Promise<SendResult> {
  return new Promise((resolve) => {
    const id = ++messageCount;
    waiting.set(id, resolve);
    // A copy of its own: the serializer's buffer may be larger, or shared.
    const bytes = new Uint8Array(body).buffer;
    say({ kind: "send", id, body: bytes }, [bytes]);
  });
}

const pathOf = (name: string): string => join(task.dataDir, name);

function open() {
  const { tail, content, outbox } = openAll((opened) => ({
    tail: opened(openTail(pathOf(LEDGER))),
    content: opened(openContent(pathOf(CONTENT_FILES.content))),
    outbox: opened(openOutbox(pathOf(OUTBOX))),
  }));
  const shipping = createShipping({
    tail,
    content,
    outbox,
    resource: task.resource,
    sampledShare: task.sampledShare,
    startAfter: task.startAfter,
    now: Date.now,
    monotonic: () => performance.now(),
    isUnsealed,
    send,
  });
  const backlog = createBacklog({ tail, content, outbox, maxBytes: task.maxWaitingBytes });
  return { tail, content, outbox, shipping, backlog };
}

function fileInTheWay(): Promise<string | null> {
  return firstInTheWay([
    [OUTBOX, () => withOpen(openOutbox(pathOf(OUTBOX)), (outbox) => outbox.handedOver())],
    [
      CONTENT_FILES.content,
      () => withOpen(openContent(pathOf(CONTENT_FILES.content)), (content) => content.probe()),
    ],
    [LEDGER, () => withOpen(openTail(pathOf(LEDGER)), (tail) => tail.newestId())],
  ]);
}

let parts: ReturnType<typeof open> | null = null;
const NOTHING_HELD: Held = { bytes: 0, dropped: 0 };
let timer: ReturnType<typeof setTimeout> | undefined;
let isClosing = false;
let failures = 0;

async function step(): Promise<number> {
  let result: StepResult;
  try {
    parts ??= open();
    result = await parts.shipping.step();
    const setAside = await parts.outbox.countSetAside();
    const held = await heldAfter(result, parts.backlog);
    report(result.later === null ? "ok" : "collector_away", { ...result, setAside }, held);
  } catch {
    const none = { spans: 0, rejectedSpans: 0, setAside: 0 };
    report("store_failed", none, NOTHING_HELD, await fileInTheWay());
    failures += 1;
    return backOff(null);
  }
  if (result.later === null) {
    failures = 0;
    return result.isMore ? 0 : IDLE_MS;
  }
  failures += 1;
  return backOff(result.later.afterMs);
}

async function heldAfter(result: StepResult, backlog: Backlog): Promise<Held> {
  if (result.later !== null) return backlog.hold();
  return result.isMore ? { bytes: await backlog.left(), dropped: 0 } : NOTHING_HELD;
}

function report(
  state: ExportState,
  { spans, rejectedSpans, setAside }: Pick<StepResult, "spans" | "rejectedSpans" | "setAside">,
  held: Held,
  file: string | null = null,
): void {
  say({
    kind: "step",
    state,
    spans,
    rejectedSpans,
    setAside,
    waitingBytes: held.bytes,
    dropped: held.dropped,
    file,
  });
}

/** Twice as long each time, and not all gateways at once. */
function backOff(afterMs: number | null): number {
  const own = Math.min(MAX_WAIT_MS, IDLE_MS * 2 ** Math.min(failures - 1, 10));
  return Math.max(afterMs ?? 0, own * (0.5 + Math.random() / 2));
}

async function run(): Promise<void> {
  timer = undefined;
  const waitMs = await step();
  if (isClosing) return close();
  timer = setTimeout(() => void run(), waitMs);
}

function close(): void {
  parts?.tail.close();
  parts?.content.close();
  parts?.outbox.close();
  parts = null;
  // Who started the thread ends it.
  say({ kind: "closed" });
}

parentPort?.on("message", (message: ToExporter) => {
  if (message.kind === "sent") {
    waiting.get(message.id)?.(message.result);
    waiting.delete(message.id);
    return;
  }
  if (message.kind === "unsealed") {
    asked.get(message.id)?.(message.isUnsealed);
    asked.delete(message.id);
    return;
  }
  isClosing = true;
  // In the midst of a step it closes at its end.
  if (timer === undefined) return;
  clearTimeout(timer);
  close();
});
timer = setTimeout(() => void run(), IDLE_MS);
