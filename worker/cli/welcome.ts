/**
 * What `up` prints once the gateway listens. At the first start (the one that makes secrets): how to sign in, a first call, and where
 * each tool's base URL goes; at a later one a line each for gateway, providers and console. Secrets stand in it only on a screen; elsewhere the path of their file does.
 */
import type { Terminal } from "./terminal.ts";

/** As in the table of settings. */
const DEFAULT_DATA_DIR = "./data";

export interface WelcomeFacts {
  /** Where it really listens. */
  readonly host: string;
  readonly port: number;
  /** Of the console beside it; null: none was started. */
  readonly consoleUrl: string | null;
  /** As the command line must be given it, to work on the same store. */
  readonly dataDir: string;
  /** From `Config.secretsFile`; null: all secrets came from the environment. */
  readonly secretsFile: {
    readonly path: string;
    /** Names of what is new in it. What the environment gave is known to the operator, and not shown. */
    readonly made: readonly string[];
  } | null;
  readonly adminToken: string;
  readonly clientKey: string;
  /** Names, in configuration order. */
  readonly providers: readonly string[];
  /** Whether the demo is served only because no provider is configured. */
  readonly isDemo: boolean;
  /** For the first call: any model that is served for chat, and in which dialect. */
  readonly firstTry: { readonly endpoint: "chat" | "messages"; readonly model: string };
}

/** The address that a person on this machine uses: one that listens everywhere is reached at loopback. */
export function localUrl(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** As a shell's `.` takes it: it would search the PATH for a bare name. */
function shellPath(path: string): string {
  const located = path.includes("/") ? path : `./${path}`;
  return /^[\w@%+=:,./-]+$/.test(located) ? located : `'${located.replaceAll("'", "'\\''")}'`;
}

function pairs(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

function firstStart(facts: WelcomeFacts, url: string, terminal: Terminal): readonly string[] {
  const path = facts.secretsFile?.path ?? "";
  const secret = (name: string, value: string): string => {
    if (facts.secretsFile?.made.includes(name) !== true) return `the one in ${name}`;
    return terminal.isScreen ? value : `in ${path}`;
  };
  const source = shellPath(path);
  const { endpoint, model } = facts.firstTry;
  const body = JSON.stringify({
    model,
    ...(endpoint === "messages" ? { max_tokens: 100 } : {}),
    messages: [{ role: "user", content: "Hello" }],
  });
  const address = `${url}/v1/${endpoint === "messages" ? "messages" : "chat/completions"}`;
  return [
    "",
    ...pairs([
      ["Secrets", `${path}  ${terminal.dim("(made just now, for this user only; back it up)")}`],
      ["Admin token", secret("ANYRAY_ADMIN_TOKEN", facts.adminToken)],
      ["Client key", secret("ANYRAY_CLIENT_KEY", facts.clientKey)],
      ...(facts.consoleUrl === null
        ? []
        : [
            [
              "Console",
              `${facts.consoleUrl}  ${terminal.dim("(sign in with the admin token)")}`,
            ] as const,
          ]),
      [
        "API pages",
        `${url}/docs  ${terminal.dim("(any user name; the password is the admin token)")}`,
      ],
      ["Spend", `${url}/admin/spend`],
    ]),
    "",
    terminal.bold("First call, and what it cost"),
    `  . ${source}`,
    `  curl ${address} -H "authorization: Bearer $ANYRAY_CLIENT_KEY" \\`,
    `    -H "content-type: application/json" -d '${body}'`,
    `  curl ${url}/admin/spend -H "authorization: Bearer $ANYRAY_ADMIN_TOKEN"`,
    "",
    terminal.bold("Point a tool here"),
    ...pairs([
      ["OpenAI SDK", `OPENAI_BASE_URL=${url}/v1  OPENAI_API_KEY=$ANYRAY_CLIENT_KEY`],
      ["Anthropic SDK", `ANTHROPIC_BASE_URL=${url}  ANTHROPIC_API_KEY=$ANYRAY_CLIENT_KEY`],
      ["Claude Code", `ANTHROPIC_BASE_URL=${url}  ANTHROPIC_AUTH_TOKEN=$ANYRAY_CLIENT_KEY`],
      ["Codex", "in ~/.codex/config.toml, after: export ANYRAY_CLIENT_KEY"],
    ]),
    `    model_provider = "anyray"`,
    "    [model_providers.anyray]",
    `    name = "Anyray"`,
    `    base_url = "${url}/v1"`,
    `    env_key = "ANYRAY_CLIENT_KEY"`,
    `    wire_api = "responses"`,
    "",
    `More keys: ${terminal.bold(`${dataDirOf(facts)}bun run anyray keys create --user NAME`)}`,
  ];
}

/** Before a command of the command line, where it would look in another place. */
function dataDirOf({ dataDir }: WelcomeFacts): string {
  return dataDir === DEFAULT_DATA_DIR ? "" : `ANYRAY_DATA_DIR=${shellPath(dataDir)} `;
}

/** For whoever signs in again. */
function tokenPlace({ secretsFile }: WelcomeFacts): string {
  return secretsFile === null
    ? ""
    : `  (admin token: ANYRAY_ADMIN_TOKEN, or in ${secretsFile.path})`;
}

/** The whole text, without a newline at its end. */
export function welcomeText(facts: WelcomeFacts, terminal: Terminal): string {
  const url = localUrl(facts.host, facts.port);
  const served = facts.isDemo
    ? "demo: a local model, since no provider is configured (OPENAI_API_KEY, ANTHROPIC_API_KEY or ANYRAY_PROVIDERS adds one)"
    : facts.providers.join(", ");
  const made = facts.secretsFile?.made ?? [];
  const isFirst = made.includes("ANYRAY_ADMIN_TOKEN") || made.includes("ANYRAY_CLIENT_KEY");
  const lines = [
    `${terminal.bold("Anyray")} serves ${terminal.bold(url)}`,
    `  ${served}`,
    ...(facts.consoleUrl === null || isFirst
      ? []
      : [`  console: ${facts.consoleUrl}${terminal.dim(tokenPlace(facts))}`]),
    ...(isFirst ? firstStart(facts, url, terminal) : []),
  ];
  return lines.join("\n");
}

/** To standard output: what decides whether secrets show is where *that* goes. */
export function printWelcome(facts: WelcomeFacts, terminal: Terminal): void {
  terminal.out(`${welcomeText(facts, terminal)}\n`);
}
