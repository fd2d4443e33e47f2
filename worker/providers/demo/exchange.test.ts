/** Time, back-pressure and hang-up of a played answer, with a clock moved by hand. */
import { describe, expect, test } from "bun:test";
import type { Answer, BodySink, EgressError } from "../../egress.ts";
import { DemoExchange, type Plan } from "./exchange.ts";

/** Timers that run when the test says so. */
class HandClock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  get pending(): number {
    return this.#timers.length;
  }

  /** Lets promises settle, too. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((each) => each !== next);
      next.run();
    }
    this.#now = until;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

class Log implements BodySink {
  readonly seen: string[] = [];
  onData: () => void = () => undefined;
  data(chunk: Uint8Array): void {
    this.seen.push(new TextDecoder().decode(chunk));
    this.onData();
  }
  end(): void {
    this.seen.push("end");
  }
  fail(error: EgressError): void {
    this.seen.push(error.kind);
  }
}

const STEPS = ["a", "b", "c"].map((text) => ({ text, tokens: 1 }));
const PLAN: Plan = {
  kind: "answer",
  status: 200,
  headers: [],
  headTokens: 2,
  steps: STEPS,
  ending: "whole",
};

function play(plan: Plan = PLAN) {
  const clock = new HandClock();
  const exchange = new DemoExchange(plan, { after: clock.after, tokenMs: 10 });
  const log = new Log();
  let answer: Answer | null = null;
  void exchange.answer.then(
    (head) => {
      answer = head;
      head.body.start(log);
    },
    (error: EgressError) => log.seen.push(error.kind),
  );
  return { clock, exchange, log, hasHead: () => answer !== null };
}

describe("an answer", () => {
  test("comes token by token, after its head", async () => {
    const { clock, log, hasHead } = play();
    await clock.pass(19);
    expect(hasHead()).toBe(false);
    await clock.pass(1);
    expect(hasHead()).toBe(true);
    await clock.pass(9);
    expect(log.seen).toEqual([]);
    await clock.pass(1);
    expect(log.seen).toEqual(["a"]);
    await clock.pass(20);
    expect(log.seen).toEqual(["a", "b", "c", "end"]);
  });

  test("passes time in silence for a step without text", async () => {
    const { clock, log } = play({
      ...PLAN,
      steps: [{ text: "", tokens: 5 }, ...STEPS.slice(0, 1)],
    });
    await clock.pass(20);
    await clock.pass(59);
    expect(log.seen).toEqual([]);
    await clock.pass(1);
    expect(log.seen).toEqual(["a", "end"]);
  });

  test("waits while its reader is behind, and loses nothing", async () => {
    const { clock, exchange, log } = play();
    log.onData = () => exchange.pause();
    await clock.pass(20);
    await clock.pass(100);
    expect(log.seen).toEqual(["a"]);
    exchange.resume();
    await clock.pass(100);
    expect(log.seen).toEqual(["a", "b"]);
    log.onData = () => undefined;
    exchange.resume();
    await clock.pass(100);
    expect(log.seen).toEqual(["a", "b", "c", "end"]);
  });

  test("keeps its end back, too, while its reader is behind", async () => {
    const { clock, exchange, log } = play({ ...PLAN, steps: STEPS.slice(0, 1) });
    log.onData = () => exchange.pause();
    await clock.pass(20);
    await clock.pass(100);
    expect(log.seen).toEqual(["a"]);
    exchange.resume();
    expect(log.seen).toEqual(["a", "end"]);
  });

  test("is not delivered twice to a reader that resumes while it is given something", async () => {
    const { clock, exchange, log } = play();
    log.onData = () => exchange.resume();
    await clock.pass(20);
    await clock.pass(100);
    expect(log.seen).toEqual(["a", "b", "c", "end"]);
  });
});

describe("a cancelled answer", () => {
  test("fails before its head", async () => {
    const { clock, exchange, log } = play();
    await clock.pass(10);
    exchange.cancel();
    await clock.pass(100);
    expect(log.seen).toEqual(["cancelled"]);
  });

  test("fails in its middle, at once, and leaves no timer", async () => {
    const { clock, exchange, log } = play();
    await clock.pass(20);
    await clock.pass(10);
    exchange.cancel();
    exchange.cancel();
    expect(log.seen).toEqual(["a", "cancelled"]);
    expect(clock.pending).toBe(0);
  });

  test("can be cancelled by its reader, and after its end", async () => {
    const { clock, exchange, log } = play();
    log.onData = () => exchange.cancel();
    await clock.pass(20);
    await clock.pass(100);
    expect(log.seen).toEqual(["a", "cancelled"]);
    const other = play();
    await other.clock.pass(20);
    await other.clock.pass(100);
    other.exchange.cancel();
    expect(other.log.seen).toEqual(["a", "b", "c", "end"]);
  });
});

describe("a failing answer", () => {
  test("breaks behind its last step", async () => {
    const { clock, log } = play({ ...PLAN, ending: "cut" });
    await clock.pass(20);
    await clock.pass(30);
    expect(log.seen).toEqual(["a", "b", "c", "cut"]);
  });

  test("falls silent without a timer, until it is cancelled", async () => {
    const { clock, exchange, log } = play({ ...PLAN, ending: "silent" });
    await clock.pass(20);
    await clock.pass(1000);
    expect(log.seen).toEqual(["a", "b", "c"]);
    expect(clock.pending).toBe(0);
    exchange.resume();
    exchange.cancel();
    expect(log.seen).toEqual(["a", "b", "c", "cancelled"]);
  });

  test("closes without a byte, or never answers", async () => {
    const reset = play({ kind: "reset" });
    await reset.clock.pass(100);
    expect(reset.log.seen).toEqual(["closed"]);
    const hung = play({ kind: "hang" });
    await hung.clock.pass(10_000);
    expect(hung.log.seen).toEqual([]);
    expect(hung.clock.pending).toBe(0);
  });
});
