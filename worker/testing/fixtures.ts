/**
 * Answers of providers as data: `fixtures/<dialect>/<name>.sse|.body`, byte for byte as a provider would send them, and beside
 * each `<file>.expected.json` with what the gateway must find in it. Written by hand after the providers' documented and
 * observed shapes; nobody's traffic. Loading them is all that belongs here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DIALECTS, ENDPOINTS, NO_USAGE, type Dialect, type Endpoint, type Usage } from "../chat.ts";

export interface Fixture {
  /** `openai-chat/plain.sse` */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isStream: boolean;
  /** One line, for people. */
  readonly what: string;
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  /** HTTP status. */
  readonly status: number;
  readonly contentType: string;
  /** How many the caller asked for. */
  readonly choices: number;
  /**
   * Chat and completions: `[DONE]`, or a clean end behind every choice's finish reason. Responses: the closing event.
   * Messages: `message_stop`. A body: valid JSON. An in-band error without any of these leaves it incomplete.
   */
  readonly isComplete: boolean;
  /** The answer carries the dialect's error, in whatever place. */
  readonly isError: boolean;
  /** Normalised; null where the provider reports none. Of a stream that broke: what it had said by then. */
  readonly usage: Usage | null;
  /** It is the provider's last word: no seed, no running count. False without usage. */
  readonly isUsageFinal: boolean;
  readonly modelServed: string | null;
  readonly serviceTier: string | null;
  /** Of the Responses API only. */
  readonly responseId: string | null;
  /** In the order of choices; of the Responses API the closing status. As the provider words them. */
  readonly finishReasons: readonly string[];
  /** A piece of the joined text, or of a tool call's arguments. */
  readonly outputTextContains: string | null;
}

const ROOT = join(import.meta.dirname, "fixtures");
const SUFFIX = ".expected.json";

const MEMBERS = [
  "what",
  "endpoint",
  "dialect",
  "status",
  "content_type",
  "choices",
  "complete",
  "error",
  "usage",
  "usage_final",
  "model_served",
  "service_tier",
  "response_id",
  "finish_reasons",
  "output_text_contains",
] as const;

/** All of them, by name. @throws Error if there are none, or one lacks its other half or is not well-formed */
export function loadFixtures(root: string = ROOT): readonly Fixture[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const fixtures = folders.flatMap(({ name: folder }) => {
    const files = readdirSync(join(root, folder)).sort();
    const bodies = files.filter((file) => !file.endsWith(SUFFIX));
    const orphan = files.find((file) => file.endsWith(SUFFIX) && !files.includes(bodyOf(file)));
    if (orphan !== undefined) throw new Error(`${folder}/${orphan} has nothing beside it`);
    return bodies.map((file) => loadFixture(root, `${folder}/${file}`));
  });
  if (fixtures.length === 0) throw new Error("no fixtures");
  return fixtures;
}

function bodyOf(expectedFile: string): string {
  return expectedFile.slice(0, -SUFFIX.length);
}

function loadFixture(root: string, name: string): Fixture {
  const fail = (problem: string): never => {
    throw new Error(`${name}${SUFFIX}: ${problem}`);
  };
  // Checked member by member below.
  const json = JSON.parse(readFileSync(join(root, name + SUFFIX), "utf8")) as Record<
    string,
    unknown
  >;
  if (Object.keys(json).sort().join() !== [...MEMBERS].sort().join()) fail("wrong members");

  const text = (member: string): string => {
    const value = json[member];
    return typeof value === "string" ? value : fail(member);
  };
  const count = (member: string, value: unknown): number =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : fail(member);
  const flag = (member: string): boolean => {
    const value = json[member];
    return typeof value === "boolean" ? value : fail(member);
  };
  const textOrNull = (member: string) => (json[member] === null ? null : text(member));
  const reasons = json["finish_reasons"];
  const finishReasons: readonly unknown[] = Array.isArray(reasons)
    ? reasons
    : fail("finish_reasons");
  const usage = json["usage"] === null ? null : readUsage(Object(json["usage"]), count);
  if (usage !== null && !isBounded(usage)) fail("usage does not add up");

  return {
    name,
    // Not the runtime's own kind of view, so that tests see what the gateway sees.
    bytes: new Uint8Array(readFileSync(join(root, name))),
    isStream: name.endsWith(".sse"),
    what: text("what"),
    endpoint: ENDPOINTS.find((each) => each === json["endpoint"]) ?? fail("endpoint"),
    dialect: DIALECTS.find((each) => each === json["dialect"]) ?? fail("dialect"),
    status: count("status", json["status"]),
    contentType: text("content_type"),
    choices: count("choices", json["choices"]),
    isComplete: flag("complete"),
    isError: flag("error"),
    usage,
    isUsageFinal: flag("usage_final"),
    modelServed: textOrNull("model_served"),
    serviceTier: textOrNull("service_tier"),
    responseId: textOrNull("response_id"),
    finishReasons: finishReasons.map(String),
    outputTextContains: textOrNull("output_text_contains"),
  };
}

function readUsage(
  json: Record<string, unknown>,
  count: (member: string, value: unknown) => number,
): Usage {
  const names = Object.keys(NO_USAGE);
  if (Object.keys(json).sort().join() !== names.sort().join()) count("usage", null);
  const at = (name: keyof Usage) => count(`usage.${name}`, json[name]);
  return {
    inputTokens: at("inputTokens"),
    cachedInputTokens: at("cachedInputTokens"),
    cacheWriteTokens: at("cacheWriteTokens"),
    cacheWrite1hTokens: at("cacheWrite1hTokens"),
    outputTokens: at("outputTokens"),
    reasoningTokens: at("reasoningTokens"),
  };
}

/** The invariants of `Usage`. */
function isBounded(usage: Usage): boolean {
  return (
    usage.cachedInputTokens + usage.cacheWriteTokens <= usage.inputTokens &&
    usage.cacheWrite1hTokens <= usage.cacheWriteTokens &&
    usage.reasoningTokens <= usage.outputTokens
  );
}
