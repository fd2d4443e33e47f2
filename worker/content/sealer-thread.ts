/**
 * The thread that seals: compression, encryption and the disk, away from the event loop that streams. A composition root of its
 * own: it opens the subject keys, the sealed parts and the objects, which nobody else in the process touches.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "../../db/background.ts";
import { openContentObjects } from "../../db/content-objects.ts";
import { openContent } from "../../db/sqlite/content.ts";
import { openSubjects } from "../../db/sqlite/subjects.ts";
import { createKeyring } from "../encryption/keyring.ts";
import { createEpochs } from "../encryption/recipients.ts";
import { firstInTheWay, openAll, withOpen } from "../in-the-way.ts";
import { CONTENT_FILES } from "./files.ts";
import type { FromSealer, KeyCheck, SealerTask, ToSealer } from "./messages.ts";
import { createRetention } from "./retention.ts";
import { createSealing, stateAfter, type StoreState } from "./sealing.ts";

/** How soon the erasure by another process takes hold. */
const STALE_MS = 500;
const PROBE_MS = 5_000;
const SWEEP_MS = 3_600_000;
const DRAFT_MS = 3_600_000;

giveWay();
// `sealer.ts` alone starts this thread.
const task = workerData as SealerTask;
const [currentKey = "", ...retiredKeys] = task.keys;
let { keepMs } = task;

const say = (message: FromSealer): void => parentPort?.postMessage(message);

const pathOf = (name: string): string => join(task.dataDir, name);
const openKeys = () =>
  openSubjects({
    database: pathOf(CONTENT_FILES.subjects),
    erasedList: pathOf(CONTENT_FILES.erased),
  });
const openParts = () => openContent(pathOf(CONTENT_FILES.content));
const openObjects = () => openContentObjects(pathOf(CONTENT_FILES.objects));

function open() {
  const keyring = createKeyring(currentKey, retiredKeys);
  const { subjects, content, objects } = openAll((opened) => ({
    subjects: opened(openKeys()),
    content: opened(openParts()),
    objects: openObjects(),
  }));
  const random = (size: number) => new Uint8Array(randomBytes(size));
  const epochs =
    task.recipients.length === 0
      ? null
      : createEpochs({
          recipients: task.recipients,
          random,
          // A clock that is put back must not make an epoch longer.
          now: () => performance.now(),
        });
  const sealing = createSealing({
    subjects,
    content,
    objects,
    keyring,
    epochs,
    random,
    now: Date.now,
    inlineMaxBytes: task.inlineMaxBytes,
    maxBytes: task.maxBytes,
  });
  const retention = createRetention({ content, objects, keepMs: () => keepMs, now: Date.now });
  return { keyring, subjects, content, objects, epochs, sealing, retention };
}

/** Null while the files can't be opened. */
let parts: ReturnType<typeof open> | null = null;
let key: KeyCheck = "ok";
let store: StoreState = "ok";

function setState(newKey: KeyCheck, newStore: StoreState): void {
  key = newKey;
  store = newStore;
  say({ kind: "state", key, store });
}

/** As after a restore without them: whoever hears of it can still bring the file back, before new keys stand in its place. */
async function reportMissingKeys({ subjects, content }: ReturnType<typeof open>): Promise<void> {
  if ((await subjects.kids()).size > 0 || (await subjects.erased()).length > 0) return;
  const [oldest] = await content.since(0, Number.MAX_SAFE_INTEGER, null, 1);
  if (oldest?.mode === "encrypted") say({ kind: "keysMissing" });
}

/** The last that was said. */
let inTheWay: string | null = null;

/** Once, until it is another, or none any more. */
async function sayInTheWay(): Promise<void> {
  const file = await firstInTheWay([
    [CONTENT_FILES.subjects, () => withOpen(openKeys(), (subjects) => subjects.kids())],
    [CONTENT_FILES.content, () => withOpen(openParts(), (content) => content.probe())],
    [CONTENT_FILES.objects, async () => openObjects().probe()],
  ]);
  if (file !== null && file !== inTheWay) say({ kind: "inTheWay", file });
  inTheWay = file;
}

async function start(): Promise<void> {
  try {
    if (parts === null) {
      parts = open();
      await reportMissingKeys(parts);
    }
    const kids = await parts.subjects.kids();
    const { keyring } = parts;
    const isKnown = [...kids.keys()].every((kid) => keyring.kids.includes(kid));
    setState(isKnown ? "ok" : "mismatch", "ok");
  } catch (error) {
    setState("ok", stateAfter(error));
    await sayInTheWay();
  }
}

/** Whether there is room again. */
async function probe(): Promise<void> {
  if (parts === null) return start();
  if (store === "ok" && key === "ok") return;
  try {
    await parts.objects.probe();
    await parts.content.probe();
    await start();
  } catch (error) {
    store = stateAfter(error);
    await sayInTheWay();
  }
}

/**
 * An object without a row stays as long as content is kept: a span in the trace back end may refer to it, or a `content.sqlite` that
 * somebody puts back.
 */
async function sweep(): Promise<void> {
  const opened = parts;
  if (opened === null) return;
  const time = Date.now();
  const before = {
    draftsMs: time - DRAFT_MS,
    objectsMs: keepMs === null ? 0 : time - Math.max(keepMs, DRAFT_MS),
  };
  await opened.objects.sweep(before, (object) => opened.content.hasObject(object)).catch(() => 0);
}

/** A batch at a time: what is to be sealed meanwhile gets its turn. */
async function expire(): Promise<void> {
  const expired = (await parts?.retention.step().catch(() => 0)) ?? 0;
  if (expired === 0) return;
  say({ kind: "expired", parts: expired });
  inTurn(expire)();
}

async function seal(message: Extract<ToSealer, { kind: "seal" }>): Promise<void> {
  if (parts === null) {
    return say({
      kind: "sealed",
      results: { store_failed: message.parts.length },
      store,
    });
  }
  const bytes = new Uint8Array(message.bytes);
  const jobs = message.parts.map(({ start: from, length, ...head }) => ({
    ...head,
    bytes: bytes.subarray(from, from + length),
  }));
  const report = await parts.sealing.seal(jobs);
  store = report.store;
  say({ kind: "sealed", results: report.results, store });
}

async function answer(message: ToSealer): Promise<void> {
  if (message.kind === "seal") return seal(message);
  if (message.kind === "close") return close();
  if (message.kind === "keep") {
    keepMs = message.keepMs;
    return expire();
  }
  const { id } = message;
  try {
    if (parts === null) throw new Error("the subject keys are not open");
    const { subjects, sealing } = parts;
    if (message.kind === "subjects") {
      const page = await subjects.list(message.after, message.limit);
      say({ kind: "subjects", id, subjects: page });
    } else if (message.kind === "erased") {
      say({ kind: "erased", id, erased: await subjects.erased() });
    } else {
      sealing.keys.drop();
      const isErased = await subjects.erase(message.handle, message.atMs);
      sealing.keys.drop();
      say({ kind: "erase", id, isErased });
    }
  } catch {
    say({ kind: "failed", id });
  }
}

function close(): void {
  for (const timer of timers) clearInterval(timer);
  parts?.sealing.keys.drop();
  parts?.epochs?.close();
  parts?.content.close();
  parts?.subjects.close();
  parts = null;
  // Who started the thread ends it.
  say({ kind: "closed" });
}

/** One message after the other, in order: a file is written by one hand. */
let last = Promise.resolve();
parentPort?.on("message", (message: ToSealer) => {
  last = last.then(() => answer(message));
});
const inTurn = (work: () => Promise<void> | void) => () => {
  last = last.then(work);
};
const timers = [
  setInterval(
    inTurn(() => {
      parts?.sealing.keys.dropStale();
      parts?.epochs?.sweep();
    }),
    STALE_MS,
  ),
  setInterval(inTurn(probe), PROBE_MS),
  setInterval(inTurn(expire), SWEEP_MS),
  setInterval(inTurn(sweep), SWEEP_MS),
];
last = last.then(start).then(sweep).then(expire);
