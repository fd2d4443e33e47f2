/** The data plane: addresses of the providers' APIs. Bodies are read by the pipeline, byte for byte, not by the framework. */
import { Elysia, t } from "elysia";
import type { Endpoint } from "../chat.ts";
import type { Deps } from "../deps.ts";
import { WIRES } from "../dialects/index.ts";
import { countTokens, storedResponse } from "../pipeline/forward.ts";
import { run } from "../pipeline/run.ts";
import { answerModel, answerModels } from "./models.ts";

const AnyAnswer = t.Any({
  description:
    "The provider's own answer, untouched: JSON, or server-sent events if `stream` is true.",
});
const OpenAIError = t.Object({
  error: t.Object({
    message: t.String(),
    type: t.String(),
    param: t.Union([t.String(), t.Null()]),
    code: t.String(),
    request_id: t.String(),
  }),
});
const AnthropicError = t.Object({
  type: t.Literal("error"),
  error: t.Object({ type: t.String(), message: t.String(), code: t.String() }),
  request_id: t.String(),
});

/** Names of the request schemas in the API description. */
const MODEL_NAMES = {
  chat: "ChatRequest",
  completions: "CompletionsRequest",
  responses: "ResponsesRequest",
  embeddings: "EmbeddingsRequest",
  messages: "MessagesRequest",
  count_tokens: "CountTokensRequest",
} as const satisfies Record<Endpoint, string>;

export function v1Routes(deps: Deps) {
  return (
    new Elysia({ handler: { standardHostname: false } })
      .model({
        ChatRequest: WIRES.chat.request,
        CompletionsRequest: WIRES.completions.request,
        ResponsesRequest: WIRES.responses.request,
        EmbeddingsRequest: WIRES.embeddings.request,
        MessagesRequest: WIRES.messages.request,
        CountTokensRequest: WIRES.count_tokens.request,
        Answer: AnyAnswer,
        OpenAIError,
        AnthropicError,
      })
      .post("/v1/chat/completions", ({ request }) => run(deps, "chat", request), generation("chat"))
      .post(
        "/v1/completions",
        ({ request }) => run(deps, "completions", request),
        generation("completions"),
      )
      .post(
        "/v1/responses",
        ({ request }) => run(deps, "responses", request),
        generation("responses"),
      )
      .post(
        "/v1/embeddings",
        ({ request }) => run(deps, "embeddings", request),
        generation("embeddings"),
      )
      .post("/v1/messages", ({ request }) => run(deps, "messages", request), generation("messages"))
      .post(
        "/v1/messages/count_tokens",
        ({ request }) => countTokens(deps, request),
        generation("count_tokens"),
      )
      .get(
        "/v1/responses/:id",
        ({ request, params }) => storedResponse(deps, request, params.id, ""),
        stored("Read a stored response that this key was given"),
      )
      .delete(
        "/v1/responses/:id",
        ({ request, params }) => storedResponse(deps, request, params.id, ""),
        { parse: "none", ...stored("Delete a stored response that this key was given") },
      )
      .post(
        "/v1/responses/:id/cancel",
        ({ request, params }) => storedResponse(deps, request, params.id, "/cancel"),
        { parse: "none", ...stored("Cancel a response that this key was given") },
      )
      .get(
        "/v1/responses/:id/input_items",
        ({ request, params }) => storedResponse(deps, request, params.id, "/input_items"),
        stored("Read the input of a stored response that this key was given"),
      )
      .get("/v1/models", ({ request }) => answerModels(deps, request), {
        detail: {
          tags: ["Models"],
          summary: "List models",
          description: "OpenAI's shape; Anthropic's when `anthropic-version` is sent.",
          responses: answers("OpenAIError"),
          security: CLIENT_KEY,
        },
      })
      .get("/v1/models/:id", ({ request, params }) => answerModel(deps, request, params.id), {
        detail: {
          tags: ["Models"],
          summary: "Read one model",
          responses: answers("OpenAIError"),
          security: CLIENT_KEY,
        },
      })
      // Ids hold slashes, encoded or not.
      .get(
        "/v1/models/*",
        ({ request, params }) => answerModel(deps, request, decodePath(params["*"])),
        { detail: { hide: true } },
      )
  );
}

const CLIENT_KEY: Record<string, string[]>[] = [{ clientKey: [] }, { clientKeyHeader: [] }];

function generation(endpoint: Endpoint) {
  const wire = WIRES[endpoint];
  return {
    parse: "none" as const,
    detail: {
      tags: [wire.family === "openai" ? "OpenAI dialect" : "Anthropic dialect"],
      summary: SUMMARIES[endpoint],
      description:
        "Only the members that the gateway acts upon are described; every other one is handed to the provider as it is.",
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: { $ref: `#/components/schemas/${MODEL_NAMES[endpoint]}` },
          },
        },
      },
      responses: answers(wire.family === "openai" ? "OpenAIError" : "AnthropicError"),
      security: CLIENT_KEY,
    },
  };
}

const SUMMARIES: Readonly<Record<Endpoint, string>> = {
  chat: "Chat completion",
  completions: "Text completion (legacy)",
  responses: "Response",
  embeddings: "Embeddings",
  messages: "Message",
  count_tokens: "Count the input tokens of a message",
};

function stored(summary: string) {
  return {
    detail: {
      tags: ["OpenAI dialect"],
      summary,
      responses: answers("OpenAIError"),
      security: CLIENT_KEY,
    },
  };
}

function answers(errorModel: string) {
  const schema = (name: string) => ({ schema: { $ref: `#/components/schemas/${name}` } });
  return {
    200: {
      description: "The provider's answer",
      content: { "application/json": schema("Answer"), "text/event-stream": schema("Answer") },
    },
    default: {
      description: "An error, of the gateway or of the provider (`x-anyray-error-source`)",
      content: { "application/json": schema(errorModel) },
    },
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
