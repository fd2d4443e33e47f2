/**
 * Model → provider and the model's name there. The order of the rules is part of the outside contract; a catalogue id as
 * listed is `provider/model`, so that a provider's own name always wins over another provider's slashed model id.
 */
import type { AnyEndpoint } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { Provider } from "../providers/provider.ts";

export interface Target {
  readonly provider: Provider;
  /** As the provider knows it. */
  readonly model: string;
}

export interface Routing {
  readonly providers: readonly Provider[];
  readonly aliases: ReadonlyMap<string, string>;
  /** Whether the price data of a provider without a `models` list knows the model. */
  isPriced(provider: Provider, model: string): boolean;
}

/** @throws GatewayError `model_not_found`, `unsupported_dialect` */
export function chooseTarget(routing: Routing, endpoint: AnyEndpoint, model: string): Target {
  const name = routing.aliases.get(model) ?? model;
  const target =
    byPrefix(routing, name) ?? byCatalogue(routing, name) ?? byDialect(routing, endpoint, name);
  if (target === null) throw new GatewayError("model_not_found", { field: "model" });
  if (!target.provider.endpoints.has(endpoint)) throw new GatewayError("unsupported_dialect");
  return target;
}

/** `provider/model`. */
function byPrefix(routing: Routing, name: string): Target | null {
  const slash = name.indexOf("/");
  if (slash < 0) return null;
  const prefix = name.slice(0, slash);
  const provider = routing.providers.find((candidate) => candidate.name === prefix);
  if (provider === undefined) return null;
  const model = name.slice(slash + 1);
  const isListed = provider.models === null ? model !== "" : provider.models.includes(model);
  if (!isListed) throw new GatewayError("model_not_found", { field: "model" });
  return { provider, model };
}

/** A bare name: the first provider in configuration order that has it. */
function byCatalogue(routing: Routing, name: string): Target | null {
  const provider = routing.providers.find(
    (candidate) =>
      candidate.catalogue.includes(name) ||
      (candidate.models === null && routing.isPriced(candidate, name)),
  );
  return provider === undefined ? null : { provider, model: name };
}

/**
 * An unknown bare name: the one open provider that speaks the endpoint's dialect. A name with a slash is not bare: what stands before it
 * may be a provider's name, misspelt, and the request is not for another.
 */
function byDialect(routing: Routing, endpoint: AnyEndpoint, name: string): Target | null {
  if (name.includes("/")) return null;
  const [only, ...others] = routing.providers.filter(
    (provider) => provider.models === null && provider.endpoints.has(endpoint),
  );
  return only === undefined || others.length > 0 ? null : { provider: only, model: name };
}

export interface ListedModel {
  readonly id: string;
  readonly provider: string;
}

/** Every `provider/model`, and the bare names that lead to it. Aliases come first. */
export function listModels(routing: Routing): ListedModel[] {
  const models: ListedModel[] = [];
  for (const [alias, name] of routing.aliases) {
    models.push({ id: alias, provider: name.slice(0, name.indexOf("/")) });
  }
  const bare = new Set(routing.aliases.keys());
  for (const provider of routing.providers) {
    for (const model of provider.catalogue) {
      const id = `${provider.name}/${model}`;
      if (!routing.aliases.has(id)) models.push({ id, provider: provider.name });
      if (bare.has(model) || byPrefixOf(routing, model)) continue;
      bare.add(model);
      models.push({ id: model, provider: provider.name });
    }
  }
  return models;
}

/** Ids of models that answer no chat. */
const NO_CHAT = /embed|whisper|tts|image|audio|moderation|rerank|transcribe|ocr/i;

/** Some model that can be asked for a chat, and where, for a first try; null if no provider lists one. */
export function firstTry(routing: Routing): FirstTry | null {
  for (const { name, endpoints, catalogue } of routing.providers) {
    const endpoint = (["chat", "messages"] as const).find((each) => endpoints.has(each));
    const model = catalogue.find((candidate) => !NO_CHAT.test(candidate));
    if (endpoint !== undefined && model !== undefined) {
      return { endpoint, model: `${name}/${model}` };
    }
  }
  return null;
}

export interface FirstTry {
  readonly endpoint: "chat" | "messages";
  /** `provider/model`. */
  readonly model: string;
}

/** Whether a slashed model id would be read as another provider's. */
function byPrefixOf(routing: Routing, model: string): boolean {
  const slash = model.indexOf("/");
  return slash > 0 && routing.providers.some((provider) => provider.name === model.slice(0, slash));
}

/** Whether a key's list of models allows this one. `null` allows all. Patterns: `provider/model`, `provider/*`, a bare name. */
export function isModelAllowed(allowed: readonly string[] | null, target: Target): boolean {
  if (allowed === null) return true;
  const { provider, model } = target;
  return allowed.some(
    (pattern) =>
      pattern === model ||
      pattern === `${provider.name}/${model}` ||
      pattern === `${provider.name}/*`,
  );
}
