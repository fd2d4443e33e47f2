/** The demo's models: what each one does. A table; the doing is elsewhere. */

/** How an answer goes wrong on purpose. */
export type DemoFailure =
  /** Refused with this HTTP status, in the caller's dialect. */
  | { readonly kind: "status"; readonly status: 400 | 401 | 403 | 404 | 429 | 500 | 503 | 529 }
  /** No answer at all. */
  | { readonly kind: "hang" }
  /** Status and headers, then nothing. */
  | { readonly kind: "silent" }
  /** The connection dies before the answer. */
  | { readonly kind: "reset" }
  /** The connection dies in the middle of the body. */
  | { readonly kind: "cut" }
  /** The dialect's error event in the middle of a stream; without a stream, a 500. */
  | { readonly kind: "error-event" };

export interface DemoModel {
  readonly id: string;
  /** One line, for people. */
  readonly description: string;
  /** Times the provider's token interval that one token takes. */
  readonly slowness: number;
  /** Sentences behind the first, some 14 tokens each. */
  readonly remarks: number;
  /** Calls the first tool offered, unless a tool's result is there already. */
  readonly callsTools: boolean;
  readonly reasons: boolean;
  /** Reports a part of the input as read from, and a part as written to, a prompt cache. */
  readonly caches: boolean;
  readonly reportsUsage: boolean;
  readonly failure: DemoFailure | null;
}

function model(
  id: string,
  description: string,
  differences: Partial<Omit<DemoModel, "id" | "description">> = {},
): DemoModel {
  return {
    id,
    description,
    slowness: 1,
    remarks: 1,
    callsTools: false,
    reasons: false,
    caches: false,
    reportsUsage: true,
    failure: null,
    ...differences,
  };
}

function refusal(status: (DemoFailure & { kind: "status" })["status"], words: string): DemoModel {
  return model(`demo-fail-${status}`, `Refuses with ${status} ${words}`, {
    failure: { kind: "status", status },
  });
}

/** The plain one first. */
export const DEMO_MODELS: readonly DemoModel[] = [
  model("demo", "Answers with a short made-up text"),
  model("demo-slow", "As demo, some 50 tokens, one in 200 ms", {
    slowness: 40,
    remarks: 3,
  }),
  model("demo-tools", "Calls the first tool offered, with arguments made from its JSON schema", {
    callsTools: true,
  }),
  model("demo-reasoning", "Thinks first, and reports reasoning tokens", { reasons: true }),
  model("demo-cached", "Reports tokens read from and written to a prompt cache", { caches: true }),
  model("demo-no-usage", "Never reports usage", { reportsUsage: false }),
  refusal(400, "(bad request)"),
  refusal(401, "(credential refused)"),
  refusal(403, "(forbidden)"),
  refusal(404, "(no such model)"),
  refusal(429, "(rate limited), retry-after 1 s"),
  refusal(500, "(internal error)"),
  refusal(503, "(unavailable)"),
  refusal(529, "(overloaded)"),
  model("demo-fail-hang", "Never answers", { failure: { kind: "hang" } }),
  model("demo-fail-silent", "Sends status and headers, then nothing", {
    failure: { kind: "silent" },
  }),
  model("demo-fail-reset", "The connection dies before the answer", {
    failure: { kind: "reset" },
  }),
  model("demo-fail-cut", "The connection dies in the middle of the answer", {
    failure: { kind: "cut" },
  }),
  model("demo-fail-error", "An error event in the middle of the stream", {
    failure: { kind: "error-event" },
  }),
];

/** @returns null for a name that is none of the demo's */
export function findDemoModel(id: string): DemoModel | null {
  return DEMO_MODELS.find((candidate) => candidate.id === id) ?? null;
}
