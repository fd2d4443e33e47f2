/** Reading untrusted JSON of providers: numbers that are counts, strings that are strings, usage that adds up. Pure. */
import type { Usage } from "../chat.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectAt(value: JsonObject, name: string): JsonObject | null {
  const member = value[name];
  return isObject(member) ? member : null;
}

export function stringAt(value: JsonObject, name: string): string | null {
  const member = value[name];
  return typeof member === "string" ? member : null;
}

export function objectsAt(value: JsonObject, name: string): readonly JsonObject[] {
  const member = value[name];
  return Array.isArray(member) ? member.filter(isObject) : [];
}

/** A token count: whole, ≥ 0 and below 2^31, so that no price makes it more money than a column holds; anything else is 0. */
export function countAt(value: JsonObject | null, name: string): number {
  const member = value?.[name];
  return isCount(member) ? Math.floor(member) : 0;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < 2 ** 31;
}

/**
 * Whether an object of usage says at least one of these counts, and none of them in a way that is no count. What does not is no usage:
 * it is estimated, instead of costing nothing.
 */
export function saysCounts(usage: JsonObject, names: readonly string[]): boolean {
  const said = names.map((name) => usage[name]).filter((count) => (count ?? null) !== null);
  return said.length > 0 && said.every(isCount);
}

/** The JSON object in a text, or null. Never throws: the runtime's error would quote the text. */
export function parseJsonObject(text: string | null): JsonObject | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Enforces the invariants of `Usage`: parts never exceed their whole. */
export function boundUsage(usage: Usage): Usage {
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens, usage.inputTokens - cached);
  return {
    inputTokens: usage.inputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    cacheWrite1hTokens: Math.min(usage.cacheWrite1hTokens, written),
    outputTokens: usage.outputTokens,
    reasoningTokens: Math.min(usage.reasoningTokens, usage.outputTokens),
  };
}

/** Joins what the dialects call text: strings of the given members, in order. */
export function joinStrings(value: JsonObject | null, names: readonly string[]): string {
  if (value === null) return "";
  let text = "";
  for (const name of names) {
    const member = value[name];
    if (typeof member === "string") text += member;
  }
  return text;
}
