/**
 * Which subcommand a command line means, and how its failure reaches a person: one line that says what to do next, and an exit code.
 * What a subcommand does is in its own file; what is outside comes from `main.ts`.
 */
import type { Store } from "../../db/store.ts";
import { ConfigError } from "../config/fault.ts";
import { CommandError, UsageError } from "./failure.ts";
import type { ContentTools } from "./content-tools.ts";
import { KEYS_HELP, type KeysTools, runKeys } from "./keys.ts";
import {
  isMasterKeysCommand,
  MASTER_KEYS_HELP,
  READING_HELP,
  SUBJECTS_HELP,
  TRACES_HELP,
} from "./master-keys-help.ts";
import type { PriceTools } from "./price-commands.ts";
import { printable } from "./terminal.ts";
import type { TracesTools } from "./traces.ts";

export interface CliTools
  extends KeysTools, PriceTools, TracesTools, Omit<ContentTools, "openStore"> {
  readonly version: string;
  /** Opens the store beside a running gateway, without its lock. Throws `ConfigError` where the settings are wrong. */
  readonly openStore: (dataDir?: string) => Promise<Store>;
  /** Loaded only when asked for: the price data is large. */
  readonly loadPriceCommands: () => Promise<PriceCommands>;
  /** The same: cryptography. */
  readonly loadContentCommands: () => Promise<ContentCommands>;
  /** The same: OpenTelemetry. */
  readonly loadTracesCommand: () => Promise<TracesCommand>;
}

/** Resolves to the exit code. */
type Command = (args: readonly string[], tools: CliTools) => Promise<number>;

export interface PriceCommands {
  readonly runPrices: (args: readonly string[], tools: PriceTools) => Promise<number>;
  readonly runReprice: (args: readonly string[], tools: PriceTools) => Promise<number>;
}

export interface TracesCommand {
  readonly runTraces: (args: readonly string[], tools: TracesTools) => Promise<number>;
}

export interface ContentCommands {
  readonly runMasterKeys: (args: readonly string[], tools: ContentTools) => Promise<number>;
  readonly runDecrypt: (args: readonly string[], tools: ContentTools) => Promise<number>;
  readonly runInspect: (args: readonly string[], tools: ContentTools) => Promise<number>;
  readonly runAudit: (args: readonly string[], tools: ContentTools) => Promise<number>;
  readonly runSubjects: (args: readonly string[], tools: ContentTools) => Promise<number>;
}

const HELP = `anyray: the command line of an Anyray gateway. It works on the store in ANYRAY_DATA_DIR,
whether the gateway runs or not.

${KEYS_HELP}

${MASTER_KEYS_HELP}

${SUBJECTS_HELP}

${READING_HELP}

${TRACES_HELP}

anyray prices diff FILE          shows what a price file would change
anyray prices import FILE        stores its prices, over the vendored ones
anyray reprice --from DATE [--to DATE] [--apply]
                                 computes costs again with today's prices; without --apply only shows the difference

anyray help                      shows this
anyray version                   shows the version`;

async function help(_: readonly string[], { terminal }: CliTools): Promise<number> {
  terminal.out(HELP);
  return 0;
}

async function version(_: readonly string[], tools: CliTools): Promise<number> {
  tools.terminal.out(tools.version);
  return 0;
}

/** Client keys, and the master keys behind sealed content: people call both keys. */
async function keys(args: readonly string[], tools: CliTools): Promise<number> {
  if (!isMasterKeysCommand(args[0])) return runKeys(args, tools);
  return (await tools.loadContentCommands()).runMasterKeys(args, tools);
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["keys", keys],
  ["subjects", async (args, tools) => (await tools.loadContentCommands()).runSubjects(args, tools)],
  ["inspect", async (args, tools) => (await tools.loadContentCommands()).runInspect(args, tools)],
  ["decrypt", async (args, tools) => (await tools.loadContentCommands()).runDecrypt(args, tools)],
  ["audit", async (args, tools) => (await tools.loadContentCommands()).runAudit(args, tools)],
  ["traces", async (args, tools) => (await tools.loadTracesCommand()).runTraces(args, tools)],
  ["prices", async (args, tools) => (await tools.loadPriceCommands()).runPrices(args, tools)],
  ["reprice", async (args, tools) => (await tools.loadPriceCommands()).runReprice(args, tools)],
  ["help", help],
  ["--help", help],
  ["-h", help],
  ["version", version],
  ["--version", version],
]);

/** `parseArgs` explains itself in its first sentence; what follows is about quoting arguments. */
function usageProblem(error: unknown): string | null {
  if (error instanceof UsageError) return error.message;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!(error instanceof Error) || !code.startsWith("ERR_PARSE_ARGS_")) return null;
  return `${(error.message.split(/\.\s|\n/)[0] ?? "").replace(/\.$/, "")}.`;
}

/** Resolves to the exit code; never rejects. */
export async function runCli(args: readonly string[], tools: CliTools): Promise<number> {
  const [name = "help", ...rest] = args;
  const say = (text: string): void => tools.terminal.say(`anyray: ${text}`);
  try {
    const command = COMMANDS.get(name);
    if (command === undefined) throw new UsageError("there is no such command.");
    const isHelp = rest.includes("--help") || rest.includes("-h");
    return await (isHelp ? help : command)(rest, tools);
  } catch (error) {
    const problem = usageProblem(error);
    if (problem !== null) {
      const isAnswered = problem.includes("`anyray ");
      say(`${printable(problem)}${isAnswered ? "" : " `anyray help` shows what there is."}`);
      return 2;
    }
    if (error instanceof ConfigError) say(error.message);
    else if (error instanceof CommandError) say(printable(error.message));
    else {
      const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "unknown reason";
      say(`failed: ${printable(why)}`);
    }
    return 1;
  }
}
