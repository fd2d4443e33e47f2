/**
 * Plays an answer as if a connection had brought it: head, then bytes with time between them; stopped by `pause` and
 * `cancel`, and ended the way the plan says. No network; no dialect.
 */
import { utf8Bytes } from "../../bytes.ts";
import {
  EgressError,
  type Answer,
  type AnswerBody,
  type BodySink,
  type Exchange,
  type HeaderList,
} from "../../egress.ts";
import type { Step } from "./steps.ts";

/** Runs `run` after `ms`, unless the returned function is called first. */
export type After = (ms: number, run: () => void) => () => void;

export type Plan =
  /** Nothing ever comes. */
  | { readonly kind: "hang" }
  /** The connection closes without a byte. */
  | { readonly kind: "reset" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: HeaderList;
      /** Token intervals before the head. */
      readonly headTokens: number;
      readonly steps: readonly Step[];
      /** Behind the last step: HTTP's own end, a broken connection, or silence. */
      readonly ending: "whole" | "cut" | "silent";
    };

type AnswerPlan = Extract<Plan, { kind: "answer" }>;

export interface ExchangeTiming {
  readonly after: After;
  /** Ms a token. */
  readonly tokenMs: number;
}

export class DemoExchange implements Exchange, AnswerBody {
  readonly answer: Promise<Answer>;
  readonly #timing: ExchangeTiming;
  readonly #steps: readonly Step[];
  readonly #ending: AnswerPlan["ending"];
  #reject: (error: EgressError) => void = () => undefined;
  #stopTimer: () => void = () => undefined;
  #hasHead = false;
  #isOver = false;
  #isPaused = false;
  #isWaiting = false;
  /** The time before the next step has passed. */
  #isDue = false;
  #isPlaying = false;
  #sink: BodySink | null = null;
  #next = 0;

  constructor(plan: Plan, timing: ExchangeTiming) {
    this.#timing = timing;
    this.#steps = plan.kind === "answer" ? plan.steps : [];
    this.#ending = plan.kind === "answer" ? plan.ending : "silent";
    let resolve: (answer: Answer) => void = () => undefined;
    this.answer = new Promise((onAnswer, onFailure) => {
      resolve = onAnswer;
      this.#reject = onFailure;
    });
    // A caller that has gone away does not look any more.
    this.answer.catch(() => undefined);

    if (plan.kind === "hang") return;
    if (plan.kind === "reset") {
      this.#wait(1, () => this.#fail(new EgressError("closed")));
      return;
    }
    this.#wait(plan.headTokens, () => {
      this.#hasHead = true;
      resolve({ status: plan.status, headers: plan.headers, body: this });
    });
  }

  cancel(): void {
    this.#fail(new EgressError("cancelled"));
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    // Cancelled between the head and now.
    if (this.#isOver) sink.fail(new EgressError("cancelled"));
    else this.#play();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#play();
  }

  /** Delivers what is due and waits for what is not. The sink may pause, resume or cancel while it is given something. */
  #play(): void {
    if (this.#isPlaying || this.#sink === null) return;
    this.#isPlaying = true;
    while (!this.#isOver && !this.#isPaused && !this.#isWaiting) {
      const step = this.#steps[this.#next];
      if (step === undefined) this.#finish(this.#sink);
      else if (step.tokens > 0 && !this.#isDue) this.#waitFor(step);
      else {
        this.#isDue = false;
        this.#next += 1;
        if (step.text !== "") this.#sink.data(utf8Bytes(step.text));
      }
    }
    this.#isPlaying = false;
  }

  #waitFor(step: Step): void {
    this.#wait(step.tokens, () => {
      this.#isDue = true;
      this.#play();
    });
  }

  #finish(sink: BodySink): void {
    if (this.#ending === "silent") {
      this.#isWaiting = true;
      return;
    }
    this.#isOver = true;
    if (this.#ending === "whole") sink.end();
    else sink.fail(new EgressError("cut"));
  }

  #wait(tokens: number, run: () => void): void {
    this.#isWaiting = true;
    this.#stopTimer = this.#timing.after(tokens * this.#timing.tokenMs, () => {
      this.#isWaiting = false;
      run();
    });
  }

  #fail(error: EgressError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopTimer();
    if (!this.#hasHead) this.#reject(error);
    else this.#sink?.fail(error);
  }
}
