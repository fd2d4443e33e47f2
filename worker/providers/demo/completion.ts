/** What the demo says: from a request to tokens and their count, no dialect yet. Pure; the same request gives the same answer. */
import type { Usage } from "../../chat.ts";
import type { DemoModel } from "./models.ts";
import type { DemoRequest } from "./request.ts";
import { sampleSchema } from "./sample.ts";
import { tokenize } from "./tokens.ts";
import type { DemoTool } from "./tools.ts";

/** The tokens of one answer; joined they are its text, or the JSON of a tool call's arguments. */
export interface Choice {
  /** Null: it is text. */
  readonly toolName: string | null;
  readonly tokens: readonly string[];
  /** The caller's limit on output ended it. */
  readonly isCut: boolean;
}

export interface Completion {
  /** Tokens of thought before each choice. */
  readonly reasoning: readonly string[];
  readonly choices: readonly Choice[];
  readonly usage: Usage;
  /** Null where the model never reports usage. */
  readonly reportedUsage: Usage | null;
}

const THOUGHT = "The caller talks to the demo model, so a short and harmless answer will do.";

const REMARKS = [
  "A heron stands in the shallow water and waits for the light to change.",
  "The kettle sings, the window fogs, and somebody draws a small boat on the glass.",
  "Nobody has wound the station clock for years, yet it is right about the rain.",
  "Two gulls argue over a crust while the ferry leaves on time.",
  "The orchard smells of apples, rope and the last warm evening.",
];

/** @param seed any number; picks the remarks */
export function complete(model: DemoModel, request: DemoRequest, seed: number): Completion {
  const thought = model.reasons ? tokenize(THOUGHT) : [];
  const limit = request.maxTokens ?? Infinity;
  const reasoning = thought.slice(0, limit);
  const tool = toolToCall(model, request);
  const choices = Array.from({ length: request.choices }, (_, index): Choice => {
    const tokens = tokenize(
      tool === null
        ? answerText(request, model.remarks, seed + index)
        : JSON.stringify(sampleSchema(tool.schema)),
    );
    const kept = tokens.slice(0, Math.max(0, limit - reasoning.length));
    return { toolName: tool?.name ?? null, tokens: kept, isCut: kept.length < tokens.length };
  });
  const usage = countUsage(model, request, reasoning.length, choices);
  return { reasoning, choices, usage, reportedUsage: model.reportsUsage ? usage : null };
}

function toolToCall(model: DemoModel, request: DemoRequest): DemoTool | null {
  const { tools } = request;
  if (tools.kind === "none" || request.hasToolResult) return null;
  return tools.kind === "must" || model.callsTools ? tools.tool : null;
}

function answerText(request: DemoRequest, count: number, seed: number): string {
  if (request.outputSchema !== null) return JSON.stringify(sampleSchema(request.outputSchema));
  const { inputTokens, turns } = request;
  const messages = turns === 1 ? "1 message" : `${turns} messages`;
  const remarks = Array.from({ length: count }, (_, at) => REMARKS[(seed + at) % REMARKS.length]);
  return `The demo model counts about ${inputTokens} tokens in ${messages}. ${remarks.join(" ")}`;
}

function countUsage(
  model: DemoModel,
  request: DemoRequest,
  reasoning: number,
  choices: readonly Choice[],
): Usage {
  const input = Math.max(1, request.inputTokens);
  const written = model.caches ? Math.floor(input / 4) : 0;
  const reasoningTokens = reasoning * choices.length;
  return {
    inputTokens: input,
    cachedInputTokens: model.caches ? Math.floor(input / 2) : 0,
    cacheWriteTokens: written,
    cacheWrite1hTokens: Math.floor(written / 2),
    outputTokens: choices.reduce((sum, choice) => sum + choice.tokens.length, reasoningTokens),
    reasoningTokens,
  };
}
