/** Which wire each endpoint speaks. */
import type { Endpoint } from "../chat.ts";
import { anthropicCountTokens, anthropicMessages } from "./anthropic-messages.ts";
import { errorWires, responsesErrorWire } from "./errors.ts";
import { openaiChat, openaiCompletions } from "./openai-completions.ts";
import { openaiEmbeddings } from "./openai-embeddings.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { ErrorWire, Wire } from "./wire.ts";

export const WIRES: Readonly<Record<Endpoint, Wire>> = {
  chat: openaiChat,
  completions: openaiCompletions,
  responses: openaiResponses,
  embeddings: openaiEmbeddings,
  messages: anthropicMessages,
  count_tokens: anthropicCountTokens,
};

export function errorWireOf(wire: Wire): ErrorWire {
  return wire.endpoint === "responses" ? responsesErrorWire : errorWires[wire.family];
}
