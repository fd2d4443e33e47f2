/**
 * Questions that read much of the ledger: a million rows take a second or two, in which the event loop must go on. In a small
 * file they are answered at once, in a large one by a thread of its own, which is started soon after the file was opened.
 */
import { Worker } from "node:worker_threads";
import type {
  LedgerRow,
  RecordsQuery,
  SessionRow,
  SessionsQuery,
  SpendQuery,
  SpendReport,
} from "../store.ts";
import type { SqliteDatabase } from "./database.ts";
import { readRest } from "./records.ts";
import { readSessions } from "./sessions.ts";
import { readSpend } from "./spend.ts";

/** 8 MiB, about 18,000 rows: some 40 ms. */
const SMALL_PAGES = 2_048;
/** How often the sums of a large file are brought up to date. */
const SUM_UP_MS = 30_000;
/** The thread is there before the first question, but not in the way of the start. */
const FIRST_SUM_UP_MS = 500;
/** A thread that nobody asks anything costs memory. */
const IDLE_MS = 60_000;

export interface Searches {
  rest(query: RecordsQuery): Promise<readonly LedgerRow[]>;
  spend(query: SpendQuery): Promise<SpendReport>;
  sessions(query: SessionsQuery): Promise<readonly SessionRow[]>;
  /** Ends the thread; questions without an answer are rejected. */
  close(): Promise<void>;
}

/** What the thread is sent. */
export type Question =
  | { readonly id: number; readonly kind: "rest"; readonly query: RecordsQuery }
  | { readonly id: number; readonly kind: "spend"; readonly query: SpendQuery }
  | { readonly id: number; readonly kind: "sessions"; readonly query: SessionsQuery }
  /** Nothing is asked: the sums are to be kept up. */
  | { readonly id: number; readonly kind: "sum-up" };

/** What the thread sends back: the answer to a question of that id, or null where it failed. */
export type Answer =
  | { readonly id: number; readonly kind: "rest"; readonly rows: readonly LedgerRow[] }
  | { readonly id: number; readonly kind: "spend"; readonly report: SpendReport }
  | { readonly id: number; readonly kind: "sessions"; readonly sessions: readonly SessionRow[] }
  | { readonly id: number; readonly kind: "summing" }
  | { readonly id: number; readonly kind: "failed" };

/** @param smallPages up to how many pages of the file questions are answered at once */
export function createSearches(
  { client, orm }: SqliteDatabase,
  path: string,
  smallPages = SMALL_PAGES,
): Searches {
  const pageCount = client.prepare("PRAGMA page_count");
  const isSmall = () => Number(pageCount.values()[0]?.[0]) <= smallPages;
  const thread = createThread(path);
  const sumUp = (): void => {
    if (!isSmall()) void thread.ask((id) => ({ id, kind: "sum-up" }));
  };
  const timers = [setTimeout(sumUp, FIRST_SUM_UP_MS), setInterval(sumUp, SUM_UP_MS)];
  // Housekeeping must not keep the process alive.
  for (const timer of timers) if (typeof timer === "object") timer.unref();
  return {
    async rest(query) {
      if (isSmall()) return readRest(orm, query);
      const answer = await thread.ask((id) => ({ id, kind: "rest", query }));
      if (answer.kind !== "rest") throw new Error("the ledger could not be read");
      return answer.rows;
    },
    async spend(query) {
      if (isSmall()) return readSpend(orm, query);
      const answer = await thread.ask((id) => ({ id, kind: "spend", query }));
      if (answer.kind !== "spend") throw new Error("the ledger could not be read");
      return answer.report;
    },
    async sessions(query) {
      if (isSmall()) return readSessions(orm, query);
      const answer = await thread.ask((id) => ({ id, kind: "sessions", query }));
      if (answer.kind !== "sessions") throw new Error("the ledger could not be read");
      return answer.sessions;
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
      return thread.close();
    },
  };
}

interface Waiting {
  resolve(answer: Answer): void;
}

function createThread(path: string) {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let count = 0;
  let isClosed = false;

  function failAll(): void {
    for (const [id, { resolve }] of waiting) resolve({ id, kind: "failed" });
    waiting.clear();
  }

  function start(): Worker {
    const started = new Worker(new URL("./search-thread.ts", import.meta.url), {
      workerData: path,
    });
    started.on("message", (answer: Answer) => {
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
      if (waiting.size === 0) rest();
    });
    const end = (): void => {
      if (worker !== started) return;
      worker = null;
      failAll();
    };
    started.on("error", end);
    started.on("exit", end);
    return started;
  }

  function rest(): void {
    idle = setTimeout(() => void stop(), IDLE_MS);
    // Neither the clock nor the thread keeps the process alive.
    if (typeof idle === "object") idle.unref();
    worker?.unref();
  }

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const stopping = worker;
    worker = null;
    failAll();
    await stopping?.terminate();
  }

  return {
    ask(question: (id: number) => Question): Promise<Answer> {
      if (isClosed) return Promise.resolve({ id: 0, kind: "failed" });
      return new Promise((resolve) => {
        clearTimeout(idle);
        worker ??= start();
        worker.ref();
        count += 1;
        waiting.set(count, { resolve });
        worker.postMessage(question(count));
      });
    },
    close(): Promise<void> {
      isClosed = true;
      return stop();
    },
  };
}
