/** How a request ended, in a word. */
import { Badge, type BadgeTone } from "./head.tsx";

const TONES: Readonly<Record<string, BadgeTone>> = {
  ok: "good",
  aborted: "plain",
  refused: "warning",
};

/** As the ledger names them, in the order in which one looks for them. */
export const OUTCOMES = [
  "ok",
  "upstream_error",
  "timeout",
  "cut",
  "aborted",
  "refused",
  "crashed",
] as const;

export function outcomeText(outcome: string): string {
  return outcome.replaceAll("_", " ");
}

export function Outcome({ outcome }: { readonly outcome: string }) {
  return <Badge text={outcomeText(outcome)} tone={TONES[outcome] ?? "bad"} />;
}
