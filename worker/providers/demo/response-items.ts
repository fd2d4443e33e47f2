/** The output items of the demo's Responses API, each with the events in which it is streamed. Pure. */
import type { Choice } from "./completion.ts";
import type { MintId } from "./steps.ts";

/** An event without its number. */
export interface ResponseEvent {
  readonly data: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly tokens: number;
}

export type OutputPart =
  | { readonly kind: "reasoning"; readonly tokens: readonly string[] }
  | { readonly kind: "choice"; readonly choice: Choice };

export interface OutputItem {
  /** As it stands in the finished response. */
  readonly done: object;
  events(outputIndex: number): ResponseEvent[];
}

export function outputItem(part: OutputPart, mintId: MintId): OutputItem {
  if (part.kind === "reasoning") return reasoningItem(part.tokens, mintId("rs_"));
  const { choice } = part;
  return choice.toolName === null
    ? messageItem(choice, mintId("msg_"))
    : callItem(choice, choice.toolName, mintId);
}

function messageItem(choice: Choice, id: string): OutputItem {
  const textPart = (text: string) => ({ type: "output_text", annotations: [], logprobs: [], text });
  const text = choice.tokens.join("");
  const item = (status: string, content: readonly object[]) => ({
    id,
    type: "message",
    status,
    content,
    role: "assistant",
  });
  const done = item(endStatus(choice), [textPart(text)]);
  return {
    done,
    events: (output_index) => {
      const place = { item_id: id, output_index, content_index: 0 };
      return [
        at(0, { type: "response.output_item.added", output_index, item: item("in_progress", []) }),
        at(0, { type: "response.content_part.added", ...place, part: textPart("") }),
        ...choice.tokens.map((delta) =>
          at(1, { type: "response.output_text.delta", ...place, delta, logprobs: [] }),
        ),
        at(0, { type: "response.output_text.done", ...place, text, logprobs: [] }),
        at(0, { type: "response.content_part.done", ...place, part: textPart(text) }),
        at(0, { type: "response.output_item.done", output_index, item: done }),
      ];
    },
  };
}

function callItem(choice: Choice, name: string, mintId: MintId): OutputItem {
  const id = mintId("fc_");
  const call_id = mintId("call_");
  const text = choice.tokens.join("");
  const item = (status: string, callArguments: string) => ({
    id,
    type: "function_call",
    status,
    arguments: callArguments,
    call_id,
    name,
  });
  const done = item(endStatus(choice), text);
  return {
    done,
    events: (output_index) => {
      const place = { item_id: id, output_index };
      return [
        at(0, { type: "response.output_item.added", output_index, item: item("in_progress", "") }),
        ...choice.tokens.map((delta) =>
          at(1, { type: "response.function_call_arguments.delta", ...place, delta }),
        ),
        at(0, { type: "response.function_call_arguments.done", ...place, arguments: text }),
        at(0, { type: "response.output_item.done", output_index, item: done }),
      ];
    },
  };
}

function reasoningItem(tokens: readonly string[], id: string): OutputItem {
  const text = tokens.join("");
  const summaryPart = (summary: string) => ({ type: "summary_text", text: summary });
  const done = { id, type: "reasoning", summary: [summaryPart(text)] };
  return {
    done,
    events: (output_index) => {
      const place = { item_id: id, output_index, summary_index: 0 };
      const name = "response.reasoning_summary";
      return [
        at(0, {
          type: "response.output_item.added",
          output_index,
          item: { id, type: "reasoning", summary: [] },
        }),
        at(0, { type: `${name}_part.added`, ...place, part: summaryPart("") }),
        ...tokens.map((delta) => at(1, { type: `${name}_text.delta`, ...place, delta })),
        at(0, { type: `${name}_text.done`, ...place, text }),
        at(0, { type: `${name}_part.done`, ...place, part: summaryPart(text) }),
        at(0, { type: "response.output_item.done", output_index, item: done }),
      ];
    },
  };
}

function endStatus(choice: Choice): string {
  return choice.isCut ? "incomplete" : "completed";
}

function at(tokens: number, data: ResponseEvent["data"]): ResponseEvent {
  return { tokens, data };
}
