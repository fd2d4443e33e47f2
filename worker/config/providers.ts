/**
 * `ANYRAY_PROVIDERS` as a whole: the providers in configuration order, and the aliases beside them.
 */
import { isIdentity } from "../chat.ts";
import type { LookUp } from "./expand.ts";
import type { Report } from "./json-fields.ts";
import { parseProvider } from "./parse-provider.ts";
import { demoProvider, type ProviderKind, type ProviderSettings } from "./provider-settings.ts";
import { type Json, JsonFault, type JsonObject, parseStrictJson } from "./strict-json.ts";

export interface ProvidersConfig {
  /** In configuration order, which decides who answers to a bare model name. Never empty. */
  readonly providers: readonly ProviderSettings[];
  /** alias → `provider/model`, whose provider is configured. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Nothing was configured, and the demo stands in for it. */
  readonly isStandIn: boolean;
}

const VARIABLE = "ANYRAY_PROVIDERS";
/** The member that holds no provider. */
const ALIASES = "aliases";

function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map;
}

/** @param where the path under which faults are reported */
export function parseAliases(
  value: Json,
  providers: ReadonlyMap<string, Pick<ProviderSettings, "models">>,
  where: string,
  report: Report,
): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  if (!isObject(value)) {
    report(where, 'must be an object like {"fast": "provider/model"}.');
    return aliases;
  }
  for (const [alias, target] of value) {
    if (!isIdentity(alias)) {
      report(where, "has a name that the ledger cannot keep.");
      continue;
    }
    const at = `${where}.${alias}`;
    const slash = typeof target === "string" ? target.indexOf("/") : -1;
    if (typeof target !== "string" || slash < 1 || !isIdentity(target)) {
      report(at, "must be a text like provider/model.");
      continue;
    }
    const provider = providers.get(target.slice(0, slash));
    const model = target.slice(slash + 1);
    if (provider === undefined) report(at, "names a provider that is not configured.");
    else if (model === "") report(at, "must be a text like provider/model.");
    else if (provider.models !== null && !provider.models.includes(model)) {
      report(at, `names a model that is not in the provider's models.`);
    } else aliases.set(alias, target);
  }
  return aliases;
}

function parseText(text: string, report: Report): JsonObject {
  try {
    const value = parseStrictJson(text);
    if (isObject(value)) return value;
    report(VARIABLE, "must be a JSON object of providers.");
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    report(VARIABLE, `cannot be read: ${error.message}.`);
  }
  return new Map();
}

/**
 * `text`: the JSON, or null if there is none. `keyed`: the providers that variables of their own turned on; an entry of the same
 * name takes the place of one. With no provider at all the result is the demo.
 */
export function parseProviders(
  text: string | null,
  keyed: readonly ProviderSettings[],
  ownBaseUrls: ReadonlyMap<ProviderKind, URL>,
  lookUp: LookUp,
  report: Report,
): ProvidersConfig {
  const providers = new Map(keyed.map((provider) => [provider.name, provider]));
  const members = text === null ? new Map<string, Json>() : parseText(text, report);
  let faulty = 0;
  for (const [name, value] of members) {
    if (name === ALIASES) continue;
    const where = `${VARIABLE}.${/^[\w.-]{1,64}$/.test(name) ? name : "(a name with odd characters)"}`;
    if (!isObject(value)) {
      report(where, "must be an object with at least a kind.");
      faulty += 1;
      continue;
    }
    const provider = parseProvider({ name, where, members: value }, ownBaseUrls, lookUp, report);
    if (provider === null) faulty += 1;
    else providers.set(name, provider);
  }
  const isStandIn = providers.size === 0 && faulty === 0;
  if (isStandIn) providers.set("demo", demoProvider("demo"));

  const aliases = members.get(ALIASES);
  // A target may name one of the faulty providers: those are reported already.
  return {
    providers: [...providers.values()],
    aliases:
      aliases === undefined || faulty > 0
        ? new Map()
        : parseAliases(aliases, providers, `${VARIABLE}.${ALIASES}`, report),
    isStandIn,
  };
}
