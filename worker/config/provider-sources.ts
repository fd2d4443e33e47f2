/**
 * Where providers come from: the variables that the vendors' SDKs know, then `ANYRAY_PROVIDERS`.
 */
import { parseBaseUrl } from "./base-url.ts";
import type { Environment, ReadFile } from "./environment.ts";
import { describeReadFailure } from "./fault.ts";
import type { Report } from "./json-fields.ts";
import { keyedProvider, type ProviderKind, type ProviderSettings } from "./provider-settings.ts";
import { parseProviders, type ProvidersConfig } from "./providers.ts";
import { defaultOf } from "./settings.ts";

/** Kinds that have variables of their own. */
const KEYED = [
  { kind: "openai", key: "OPENAI_API_KEY", base: "OPENAI_BASE_URL" },
  { kind: "anthropic", key: "ANTHROPIC_API_KEY", base: "ANTHROPIC_BASE_URL" },
] as const;

/** Where a kind is unless told otherwise. */
export const OWN_BASE_URLS: ReadonlyMap<ProviderKind, URL> = new Map(
  KEYED.map(({ kind, base }) => [kind, new URL(defaultOf(base))]),
);

function readKeyed(environment: Environment, report: Report): readonly ProviderSettings[] {
  return KEYED.flatMap(({ kind, key, base }) => {
    const apiKey = environment.secret(key);
    const isBaseGiven = environment.isSet(base);
    if (apiKey === null && !isBaseGiven) return [];
    const baseUrl = parseBaseUrl(environment.text(base));
    if (!baseUrl.ok) {
      report(base, baseUrl.problem);
      return [];
    }
    const allowPrivate = isBaseGiven && !baseUrl.isPublicAddress;
    return [keyedProvider(kind, apiKey, { url: baseUrl.url, allowPrivate })];
  });
}

/** The JSON itself, or what is in the file that the variable names; null: there is none. */
function readText(environment: Environment, readFile: ReadFile, report: Report): string | null {
  const given = environment.text("ANYRAY_PROVIDERS").trim();
  if (given === "" || given.startsWith("{")) return given || null;
  try {
    return readFile(given);
  } catch (error) {
    const why = describeReadFailure(error);
    report("ANYRAY_PROVIDERS", `does not begin with { and names no readable file: ${why}.`);
    return null;
  }
}

export function readProviders(
  environment: Environment,
  readFile: ReadFile,
  report: Report,
): ProvidersConfig {
  const keyed = readKeyed(environment, report);
  const text = readText(environment, readFile, report);
  return parseProviders(text, keyed, OWN_BASE_URLS, environment.lookUp, report);
}
