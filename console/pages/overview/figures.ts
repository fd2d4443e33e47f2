/** The overview's figures, out of what the API answers. Pure. Money is added exactly; the courses are for drawing. */
import { parsePico, toNumber } from "../../components/format.ts";
import { stepsOf, type Range } from "../../range.ts";

/** A group of the spend report by outcome and step. */
export interface OutcomeGroup {
  readonly outcome?: string | null;
  readonly day?: string | null;
  readonly hour?: string | null;
  readonly requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string;
  readonly saved_usd: string;
  readonly unpriced_requests: number;
}

export interface Figures {
  readonly costUsd: string;
  readonly requests: number;
  readonly tokens: number;
  readonly errors: number;
  readonly refused: number;
  readonly unpriced: number;
  readonly savedUsd: string;
  /** Step by step. */
  readonly steps: readonly string[];
  readonly course: {
    readonly cost: readonly number[];
    readonly requests: readonly number[];
    readonly tokens: readonly number[];
    readonly errors: readonly number[];
    readonly saved: readonly number[];
  };
}

/** Answers that did not come, or not whole. What a client broke off, and what was refused, is counted apart. */
const ERRORS: ReadonlySet<string> = new Set(["upstream_error", "timeout", "cut", "crashed"]);

export function figuresOf(
  groups: readonly OutcomeGroup[],
  range: Pick<Range, "fromMs" | "toMs">,
  step: Range["step"],
): Figures {
  const steps = stepsOf(range, step);
  const isError = ({ outcome }: OutcomeGroup) => ERRORS.has(outcome ?? "");
  const count = (of: readonly OutcomeGroup[]) =>
    of.reduce((sum, { requests }) => sum + requests, 0);
  const course = (valueOf: (group: OutcomeGroup) => number) => {
    const sums = new Map<string, number>();
    for (const group of groups) {
      const at = group[step] ?? "";
      sums.set(at, (sums.get(at) ?? 0) + valueOf(group));
    }
    return steps.map((at) => sums.get(at) ?? 0);
  };
  return {
    costUsd: sumUsd(groups.map(({ cost_usd }) => cost_usd)),
    requests: count(groups),
    tokens: groups.reduce((sum, each) => sum + each.input_tokens + each.output_tokens, 0),
    errors: count(groups.filter(isError)),
    refused: count(groups.filter(({ outcome }) => outcome === "refused")),
    unpriced: groups.reduce((sum, { unpriced_requests }) => sum + unpriced_requests, 0),
    savedUsd: sumUsd(groups.map(({ saved_usd }) => saved_usd)),
    steps,
    course: {
      cost: course(({ cost_usd }) => toNumber(cost_usd)),
      requests: course(({ requests }) => requests),
      tokens: course((each) => each.input_tokens + each.output_tokens),
      errors: course((each) => (isError(each) ? each.requests : 0)),
      saved: course(({ saved_usd }) => toNumber(saved_usd)),
    },
  };
}

/** Exactly, as decimal text. */
export function sumUsd(amounts: readonly string[]): string {
  const pico = amounts.reduce((sum, amount) => sum + parsePico(amount), 0n);
  const digits = String(pico < 0n ? -pico : pico).padStart(13, "0");
  return `${pico < 0n ? "-" : ""}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}
