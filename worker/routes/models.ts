/** `GET /v1/models` and `/v1/models/{id}`: what this gateway offers, in OpenAI's shape, or in Anthropic's when its version header is sent. */
import type { Deps } from "../deps.ts";
import { GatewayError } from "../errors.ts";
import { authenticate, checkPassthrough } from "../pipeline/authenticate.ts";
import { ownHeaders } from "../pipeline/respond.ts";
import { chooseTarget, isModelAllowed, listModels, type ListedModel } from "../pipeline/target.ts";

/** No release date of a model is known here. */
const CREATED = "1970-01-01T00:00:00Z";

/** @throws (rejects with) GatewayError `unauthenticated` */
export async function answerModels(deps: Deps, request: Request): Promise<Response> {
  const models = await allowedModels(deps, request);
  const isAnthropic = request.headers.has("anthropic-version");
  return json(deps, isAnthropic ? anthropicList(models) : openaiList(models));
}

/** @throws (rejects with) GatewayError `unauthenticated`, `model_not_found` */
export async function answerModel(deps: Deps, request: Request, id: string): Promise<Response> {
  const model = (await allowedModels(deps, request)).find((candidate) => candidate.id === id);
  if (model === undefined) throw new GatewayError("model_not_found", { field: "model" });
  const isAnthropic = request.headers.has("anthropic-version");
  return json(deps, isAnthropic ? anthropicModel(model) : openaiModel(model));
}

async function allowedModels(deps: Deps, request: Request): Promise<readonly ListedModel[]> {
  const caller = await authenticate(deps, request.headers);
  checkPassthrough(caller);
  const { key } = caller;
  const models = listModels(deps.routing);
  if (key.models === null) return models;
  return models.filter((model) => {
    const provider = deps.routing.providers.find((candidate) => candidate.name === model.provider);
    const [endpoint] = provider?.endpoints ?? [];
    if (endpoint === undefined) return false;
    return isModelAllowed(key.models, chooseTarget(deps.routing, endpoint, model.id));
  });
}

function openaiList(models: readonly ListedModel[]) {
  return { object: "list", data: models.map(openaiModel) };
}

function openaiModel(model: ListedModel) {
  return { id: model.id, object: "model", created: 0, owned_by: model.provider };
}

function anthropicList(models: readonly ListedModel[]) {
  return {
    data: models.map(anthropicModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}

function anthropicModel(model: ListedModel) {
  return { type: "model", id: model.id, display_name: model.id, created_at: CREATED };
}

function json(deps: Deps, body: unknown): Response {
  return Response.json(body, { headers: ownHeaders(deps.ids.traceId()) });
}
