/**
 * `anyray keys create|list|revoke`: client keys, straight in the store. A running gateway sees the change by itself.
 */
import { parseArgs } from "node:util";
import type { ClientKey, Store } from "../../db/store.ts";
import { record } from "../audit/record.ts";
import { isIdentity } from "../chat.ts";
import { createClientKeyId, type RandomBytes } from "../client-key.ts";
import { keyEntry } from "../client-key-audit.ts";
import { clientKeyJson, clientKeyState } from "../client-key-json.ts";
import { PROVIDER_NAME } from "../config/provider-settings.ts";
import { issueSecret } from "../secret-text.ts";
import { CommandError, UsageError } from "./failure.ts";
import { formatInstant, INSTANT_FORM, parseInstant } from "./instant.ts";
import { table, type Terminal } from "./terminal.ts";

export const KEYS_HELP = `anyray keys create [options]     makes a client key and shows it once
  --name NAME                    a label to recognise it by
  --user USER  --team TEAM       who is charged for what it spends
  --models A,B                   what it may use: provider/model, provider/*, model (default: everything)
  --passthrough PROVIDER         the provider that may get the caller's own credential (default: none)
  --metadata ignore|fill         whether callers may name user and team (default: fill, unless --user is given)
  --expires DATE                 2027-01-31 (from the start of that day, UTC) or 2027-01-31T12:00:00Z
anyray keys list [--json]        lists them, oldest first, without their secrets
anyray keys revoke ID            ends one, at once and for good`;

export interface KeysTools {
  readonly terminal: Terminal;
  readonly openStore: () => Promise<Pick<Store, "keys" | "audit" | "close">>;
  /** ms since 1970 UTC. */
  readonly now: () => number;
  readonly random: RandomBytes;
}

type Values = Readonly<Record<string, string | undefined>>;

/** A text that can be stored as a name; null if the option was not given. */
function identity(values: Values, option: string): string | null {
  const value = values[option];
  if (value === undefined) return null;
  if (isIdentity(value)) return value;
  throw new UsageError(
    `--${option} takes letters, digits and . _ @ : / + = -, a letter or digit first, 128 characters at most.`,
  );
}

function models(list: string | undefined): readonly string[] | null {
  if (list === undefined) return null;
  const names = list.split(",").map((name) => name.trim());
  if (names.every((name) => isIdentity(name.replace(/\/\*$/, "/any")))) return [...new Set(names)];
  throw new UsageError(
    "--models takes names like openai/gpt-4o, openai/* or gpt-4o, with commas between.",
  );
}

function provider(name: string | undefined): string | null {
  if (name === undefined) return null;
  if (PROVIDER_NAME.test(name)) return name;
  throw new UsageError("--passthrough takes the name of a configured provider.");
}

function metadata(policy: string | undefined): ClientKey["metadata"] {
  if (policy === undefined) return null;
  if (policy === "ignore" || policy === "fill") return policy;
  throw new UsageError("--metadata takes ignore or fill.");
}

function expiry(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const timeMs = parseInstant(text);
  if (timeMs === null) throw new UsageError(`--expires takes a time: ${INSTANT_FORM}.`);
  if (timeMs <= nowMs) throw new UsageError("--expires must be in the future.");
  return timeMs;
}

type KeysStore = Pick<Store, "keys" | "audit">;

async function withStore<T>(tools: KeysTools, work: (store: KeysStore) => Promise<T>): Promise<T> {
  const store = await tools.openStore();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function create(args: readonly string[], tools: KeysTools): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: text,
      user: text,
      team: text,
      models: text,
      passthrough: text,
      metadata: text,
      expires: text,
    },
  });
  const createdAtMs = tools.now();
  const { secret, hash, display } = issueSecret("ark_", tools.random);
  const key: ClientKey = {
    id: createClientKeyId(tools.random),
    secretHash: hash,
    display,
    name: identity(values, "name"),
    user: identity(values, "user"),
    team: identity(values, "team"),
    metadata: metadata(values.metadata),
    passthrough: provider(values.passthrough),
    models: models(values.models),
    createdAtMs,
    expiresAtMs: expiry(values.expires, createdAtMs),
    revokedAtMs: null,
    description: null,
    endpoints: null,
    previousHash: null,
    previousUntilMs: null,
  };
  await withStore(tools, ({ audit }) => {
    const draft = { ...keyEntry("key.create", null, key), timeMs: createdAtMs, actor: "cli" };
    return record(audit, draft, [{ kind: "key.add", key }]);
  });

  const { terminal } = tools;
  const until = key.expiresAtMs === null ? "" : `, good until ${formatInstant(key.expiresAtMs)}`;
  terminal.say(`Made ${key.id}${until}. This is its secret; it is not stored and not shown again:`);
  terminal.out(secret);
  terminal.say(terminal.dim(`To end it: anyray keys revoke ${key.id}`));
}

async function list(args: readonly string[], tools: KeysTools): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
  const all = await withStore(tools, ({ keys }) => keys.list());
  const nowMs = tools.now();
  const { terminal } = tools;
  if (values.json === true) {
    terminal.out(
      JSON.stringify(
        all.map((key) => clientKeyJson(key, nowMs, formatInstant)),
        null,
        2,
      ),
    );
    return;
  }
  if (all.length === 0) {
    terminal.say("There is no client key yet. `anyray keys create` makes one.");
    return;
  }
  const day = (timeMs: number): string => formatInstant(timeMs).slice(0, 10);
  const rows = all.map((key) => [
    key.id,
    `ark_${key.display}…`,
    clientKeyState(key, nowMs),
    key.name ?? "-",
    key.user ?? "-",
    key.team ?? "-",
    key.models?.join(",") ?? "all",
    day(key.createdAtMs),
    key.expiresAtMs === null ? "never" : day(key.expiresAtMs),
  ]);
  const head = ["ID", "KEY", "STATE", "NAME", "USER", "TEAM", "MODELS", "CREATED", "EXPIRES"];
  terminal.out(table([head, ...rows]));
}

async function revoke(args: readonly string[], tools: KeysTools): Promise<void> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) {
    throw new UsageError("keys revoke takes one key's ID. `anyray keys list` shows them.");
  }
  if (id.startsWith("ark_")) {
    throw new UsageError("keys revoke takes the key's ID (key_…), not its secret.");
  }
  const key = await withStore(tools, (store) => revokeIn(store, id, tools.now()));
  if (key === null) {
    throw new CommandError("There is no key with that ID. `anyray keys list` shows them.");
  }
  const { revokedAtMs } = key;
  const since = revokedAtMs === null ? "" : `, since ${formatInstant(revokedAtMs)}`;
  tools.terminal.say(
    revokedAtMs === null ? `Revoked ${id}.` : `${id} was revoked already${since}. Nothing changed.`,
  );
}

/** The key as it was before; null if there is none. */
async function revokeIn(
  { keys, audit }: KeysStore,
  id: string,
  nowMs: number,
): Promise<ClientKey | null> {
  const key = await keys.find(id);
  if (key === null || key.revokedAtMs !== null) return key;
  const set = { revokedAtMs: nowMs };
  const draft = { ...keyEntry("key.revoke", key, { ...key, ...set }), timeMs: nowMs, actor: "cli" };
  await record(audit, draft, [{ kind: "key.change", id, set }]);
  return key;
}

const COMMANDS = { create, list, revoke } as const;

/** Resolves to the exit code. Throws `UsageError`, `CommandError`, and what `parseArgs` and the store throw. */
export async function runKeys(args: readonly string[], tools: KeysTools): Promise<number> {
  const [name, ...rest] = args;
  if (name === "create" || name === "list" || name === "revoke") {
    await COMMANDS[name](rest, tools);
    return 0;
  }
  throw new UsageError(
    "keys takes create, list, revoke, rotate, export or recipient-new. `anyray help` shows what they do.",
  );
}
