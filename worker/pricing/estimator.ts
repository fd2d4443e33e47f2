/**
 * Token counts by a thread of its own: loading the tokenizer takes half a second and 90 MB, for which no stream should stand
 * still. The thread is started at the first estimate and ended when nobody has asked for a while, which gives the memory back.
 */
import { Buffer } from "node:buffer";
import { Worker } from "node:worker_threads";
import { roughTokens } from "./estimate.ts";

const IDLE_MS = 60_000;
/** Starting a thread takes some runtimes 50 ms: what is more urgent, such as telling a provider of a hang-up, goes first. */
const START_DELAY_MS = 10;

export interface EstimateQuestion {
  readonly id: number;
  readonly text: string;
}

export interface EstimateAnswer {
  readonly id: number;
  readonly tokens: number;
}

export interface Estimator {
  /** Never rejects: should the thread die, the size alone is judged. */
  count(text: string): Promise<number>;
  /** Ends the thread. */
  close(): void;
}

interface Waiting {
  readonly question: EstimateQuestion;
  resolve(tokens: number): void;
}

export function createEstimator(): Estimator {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let starting: ReturnType<typeof setTimeout> | undefined;
  let lastId = 0;

  function end(): void {
    clearTimeout(idle);
    clearTimeout(starting);
    starting = undefined;
    const ending = worker;
    worker = null;
    for (const { question, resolve } of waiting.values()) {
      resolve(roughTokens(Buffer.byteLength(question.text)));
    }
    waiting.clear();
    void ending?.terminate();
  }

  function startSoon(): void {
    starting ??= setTimeout(() => {
      starting = undefined;
      worker = start();
      for (const { question } of waiting.values()) worker.postMessage(question);
    }, START_DELAY_MS);
  }

  function start(): Worker {
    const started = new Worker(new URL("./estimate-thread.ts", import.meta.url));
    // Neither the thread nor its clock keeps the process alive.
    started.unref();
    const died = (): void => {
      if (worker === started) end();
    };
    started.on("error", died);
    started.on("exit", died);
    started.on("message", ({ id, tokens }: EstimateAnswer) => {
      waiting.get(id)?.resolve(tokens);
      waiting.delete(id);
      if (waiting.size > 0) return;
      idle = setTimeout(end, IDLE_MS);
      if (typeof idle === "object") idle.unref();
    });
    return started;
  }

  return {
    count(text) {
      if (text === "") return Promise.resolve(0);
      clearTimeout(idle);
      const question: EstimateQuestion = { id: ++lastId, text };
      return new Promise((resolve) => {
        waiting.set(question.id, { question, resolve });
        if (worker === null) startSoon();
        else worker.postMessage(question);
      });
    },
    close: end,
  };
}
