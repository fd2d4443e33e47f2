/** OpenAI's embeddings. Never streamed; no output tokens. Source: OpenAI API reference, "Embeddings". */
import { Type } from "@sinclair/typebox";
import { openaiCompletions } from "./openai-completions.ts";
import { modelField } from "./request.ts";
import type { Wire } from "./wire.ts";

export const openaiEmbeddings: Wire = {
  ...openaiCompletions,
  dialect: "openai-embeddings",
  endpoint: "embeddings",
  request: Type.Object(
    {
      model: modelField,
      input: Type.Union([Type.String(), Type.Array(Type.Unknown())]),
    },
    { additionalProperties: true },
  ),
  maxOutputTokens: () => 0,
  outputText: () => "",
};
