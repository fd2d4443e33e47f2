/**
 * The one table of settings that the gateway reads from its environment. What is not here is not read, and an `ANYRAY_…` name
 * that is not here stops the start. Parsing is in `load.ts`; the README's table is made by `settings-markdown.ts`.
 */

import { CONTENT_MODES } from "../privacy/mode.ts";
import { TRACE_BACKENDS } from "../traces/backend/backend.ts";
import { TRACE_SAMPLERS } from "./otel.ts";
import { LOG_LEVELS } from "../telemetry/log.ts";

interface SettingBase {
  readonly name: string;
  /** As it would be written in the environment; null: none. */
  readonly default: string | null;
  readonly meaning: string;
  /** Also read from the file that `<NAME>_FILE` names, and from `secrets.env`. Never printed, never quoted. */
  readonly secret?: true;
}

export type Setting =
  | (SettingBase & { readonly type: "text" | "path" | "url" | "json" })
  | (SettingBase & { readonly type: "choice"; readonly choices: readonly string[] })
  | (SettingBase & {
      readonly type: "port" | "milliseconds" | "bytes" | "days";
      /** Both inclusive. */
      readonly min: number;
      readonly max: number;
    });

/** The longest delay that the runtimes' timers keep: 24.8 days. */
const MAX_TIMER_MS = 2_147_483_647;

export const LEDGER_SYNCS = ["normal", "full"] as const;
export type LedgerSync = (typeof LEDGER_SYNCS)[number];

export const SETTINGS = [
  {
    name: "ANYRAY_HOST",
    type: "text",
    default: "127.0.0.1",
    meaning: "Address to listen on. The container image sets `0.0.0.0`.",
  },
  {
    name: "ANYRAY_PORT",
    type: "port",
    min: 0,
    max: 65_535,
    default: "8787",
    meaning: "Port to listen on; 0: any free one.",
  },
  {
    name: "ANYRAY_CONSOLE_PORT",
    type: "port",
    min: 0,
    max: 65_535,
    default: "3000",
    meaning: "Port of the console, which `up` starts beside the gateway; 0: any free one.",
  },
  {
    name: "ANYRAY_CONSOLE_URL",
    type: "url",
    default: null,
    meaning:
      "Where browsers find the console, such as `https://anyray.example.com`. Default: this machine alone (`localhost`).",
  },
  {
    name: "ANYRAY_PUBLIC_URL",
    type: "url",
    default: null,
    meaning:
      "Where tools find the gateway, such as `https://llm.example.com`: stands in the console's set-ups and invites. Default: the address it listens on.",
  },
  {
    name: "ANYRAY_CONSOLE_RELAY",
    type: "url",
    default: null,
    meaning:
      "Address of a console that only this gateway can reach, such as `http://console:3000`: `ANYRAY_CONSOLE_PORT` is opened here, and leads there.",
  },
  {
    name: "ANYRAY_DATA_DIR",
    type: "path",
    default: "./data",
    meaning: "Directory for the ledger, the journal and, unless moved, `secrets.env`.",
  },
  {
    name: "ANYRAY_SECRETS_DIR",
    type: "path",
    default: null,
    meaning:
      "Directory for `secrets.env`, to keep keys apart from data. Default: the data directory.",
  },
  {
    name: "ANYRAY_ADMIN_TOKEN",
    type: "text",
    secret: true,
    default: null,
    meaning: "Bearer token for `/admin` and `/docs`. Made at the first start.",
  },
  {
    name: "ANYRAY_CONTENT_KEY",
    type: "text",
    secret: true,
    default: null,
    meaning: "Master key for stored content: 32 bytes in hex or base64. Made at the first start.",
  },
  {
    name: "ANYRAY_CONTENT_MODE",
    type: "choice",
    choices: CONTENT_MODES,
    default: "encrypted",
    meaning:
      "Which content is kept at the first start: `encrypted`, `off` (none), `plaintext` (if allowed). Later the admin API changes it; a new value here is applied at the next start.",
  },
  {
    name: "ANYRAY_ALLOW_PLAINTEXT",
    type: "choice",
    choices: ["true", "false"],
    default: "false",
    meaning: "Whether content may be kept readable. Only here, at deployment.",
  },
  {
    name: "ANYRAY_CONTENT_KEYS_RETIRED",
    type: "text",
    secret: true,
    default: null,
    meaning: "Former master keys, joined by commas: content sealed under them can still be read.",
  },
  {
    name: "ANYRAY_CONTENT_RECIPIENTS",
    type: "text",
    default: null,
    meaning:
      "Public keys `arr_…` of auditors, joined by commas: with them the gateway writes content that it can't read.",
  },
  {
    name: "ANYRAY_CONTENT_MAX_BYTES",
    type: "bytes",
    min: 1_024,
    max: 268_435_456,
    default: "4194304",
    meaning: "Largest sealed part, compressed; a larger one is left out, and said to be.",
  },
  {
    name: "ANYRAY_CONTENT_INLINE_MAX_BYTES",
    type: "bytes",
    min: 0,
    max: 1_048_576,
    default: "16384",
    meaning:
      "Up to here a sealed part stands in its span; above, it is an object in the content store.",
  },
  {
    name: "ANYRAY_CLIENT_KEY",
    type: "text",
    secret: true,
    default: null,
    meaning: "The first client key, `ark_…`. Made at the first start.",
  },
  {
    name: "ANYRAY_AUDIT_KEY",
    type: "text",
    secret: true,
    default: null,
    meaning:
      "Ed25519 key that signs the audit log's checkpoints: 32 bytes in hex or base64. Made at the first start; `/admin/audit/checkpoints` has its public half.",
  },
  {
    name: "ANYRAY_METRICS_TOKEN",
    type: "text",
    secret: true,
    default: null,
    meaning: "Bearer token for `/metrics` alone. Default: only the admin token opens it.",
  },
  {
    name: "OPENAI_API_KEY",
    type: "text",
    secret: true,
    default: null,
    meaning: "Turns on the provider `openai` with this key.",
  },
  {
    name: "OPENAI_BASE_URL",
    type: "url",
    default: "https://api.openai.com/v1",
    meaning: "Where the provider `openai` is, as for OpenAI's SDK: with `/v1`.",
  },
  {
    name: "ANTHROPIC_API_KEY",
    type: "text",
    secret: true,
    default: null,
    meaning: "Turns on the provider `anthropic` with this key.",
  },
  {
    name: "ANTHROPIC_BASE_URL",
    type: "url",
    default: "https://api.anthropic.com",
    meaning: "Where the provider `anthropic` is, as for Anthropic's SDK: without `/v1`.",
  },
  {
    name: "ANYRAY_PROVIDERS",
    type: "json",
    default: null,
    meaning:
      "More providers: a JSON object, or the path of a file with one. With no provider at all, the built-in `demo` is served.",
  },
  {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    type: "url",
    default: null,
    meaning:
      "Where an OpenTelemetry Collector takes OTLP over HTTP, without `/v1/traces`. Default: no span leaves the machine.",
  },
  {
    name: "OTEL_SERVICE_NAME",
    type: "text",
    default: "anyray",
    meaning: "What spans name as `service.name`.",
  },
  {
    name: "ANYRAY_OUTBOX_MAX_BYTES",
    type: "bytes",
    min: 65_536,
    max: 1_099_511_627_776,
    default: "1073741824",
    meaning:
      "How much may wait while the Collector is away; above, spans of the oldest requests are given up, counted and said. Their ledger rows stay.",
  },
  {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    type: "text",
    default: null,
    meaning:
      "What spans say of the process, as `name=value,…`: the names of `otel-collector/README.md`; others are left out.",
  },
  {
    name: "OTEL_TRACES_SAMPLER",
    type: "choice",
    choices: TRACE_SAMPLERS,
    default: "always_on",
    meaning: "Which traces leave the machine. The ledger has every request, whatever this says.",
  },
  {
    name: "OTEL_TRACES_SAMPLER_ARG",
    type: "text",
    default: "1",
    meaning: "Share of the traces for `traceidratio`, 0 to 1.",
  },
  {
    name: "ANYRAY_TRUST_TRACEPARENT",
    type: "choice",
    choices: ["true", "false"],
    default: "false",
    meaning:
      "Whether spans become part of the trace that a caller's `traceparent` names, instead of a link to it. For callers of your own only.",
  },
  {
    name: "ANYRAY_TRACES",
    type: "choice",
    choices: TRACE_BACKENDS,
    default: "embedded",
    meaning:
      "Where the spans of a trace are read: `embedded`, from the gateway's own store, or the back end behind the Collector.",
  },
  {
    name: "ANYRAY_TRACES_URL",
    type: "url",
    default: null,
    meaning: "That back end's API: Tempo's on port 3200, Jaeger's on 16686.",
  },
  {
    name: "ANYRAY_TRACE_RETENTION_DAYS",
    type: "days",
    min: 0,
    max: 36_500,
    default: "90",
    meaning:
      "How long traces and their sealed content are kept on this machine; 0: for ever. The ledger's rows stay. Later the admin API changes it; a new value here is applied at the next start.",
  },
  {
    name: "ANYRAY_LEDGER_RETENTION_DAYS",
    type: "days",
    min: 0,
    max: 36_500,
    default: "0",
    meaning: "How long ledger rows are kept; 0: for ever. Changed later as the one above.",
  },
  {
    name: "ANYRAY_METADATA_KEYS",
    type: "text",
    default: null,
    meaning:
      "Further members of `x-anyray-metadata` that the ledger keeps, joined by commas, at most 8: then `metadata.<key>` groups and filters spend.",
  },
  {
    name: "ANYRAY_UNPRICED",
    type: "choice",
    choices: ["refuse", "allow"],
    default: "refuse",
    meaning: "What becomes of a request whose model has no price where a cap in dollars applies.",
  },
  {
    name: "ANYRAY_WEBHOOK_URL",
    type: "url",
    default: null,
    meaning: "Where a notice goes when a cap's threshold is passed: JSON, by POST.",
  },
  {
    name: "ANYRAY_DB_URL",
    type: "text",
    secret: true,
    default: null,
    meaning:
      "`postgres://user:password@host/database`: ledger, keys, caps, settings and audit log in a Postgres that several gateways share (`db/README.md`); none: SQLite in the data directory.",
  },
  {
    name: "ANYRAY_LEDGER_SYNC",
    type: "choice",
    choices: LEDGER_SYNCS,
    default: "normal",
    meaning:
      "What a ledger row survives: `normal` the process being killed, `full` also power loss.",
  },
  {
    name: "ANYRAY_TIMEOUT_CONNECT_MS",
    type: "milliseconds",
    min: 1,
    max: MAX_TIMER_MS,
    default: "10000",
    meaning: "Time for a provider to accept a connection.",
  },
  {
    name: "ANYRAY_TIMEOUT_FIRST_BYTE_MS",
    type: "milliseconds",
    min: 1,
    max: MAX_TIMER_MS,
    default: "600000",
    meaning: "Time for a provider to begin its answer.",
  },
  {
    name: "ANYRAY_TIMEOUT_IDLE_MS",
    type: "milliseconds",
    min: 1,
    max: MAX_TIMER_MS,
    default: "600000",
    meaning: "Longest silence of a provider within an answer.",
  },
  {
    name: "ANYRAY_TIMEOUT_TOTAL_MS",
    type: "milliseconds",
    min: 0,
    max: MAX_TIMER_MS,
    default: "0",
    meaning: "Longest time of a whole answer; 0: no limit.",
  },
  {
    name: "ANYRAY_MAX_BODY_BYTES",
    type: "bytes",
    min: 1,
    max: 1_073_741_824,
    default: "33554432",
    meaning: "Largest request body; a larger one is refused with 413.",
  },
  {
    name: "ANYRAY_KEEPALIVE_MS",
    type: "milliseconds",
    min: 1,
    max: MAX_TIMER_MS,
    default: "15000",
    meaning:
      "Silence after which a stream gets a comment line, so that nothing on the way cuts it.",
  },
  {
    name: "ANYRAY_DRAIN_MS",
    type: "milliseconds",
    min: 0,
    max: MAX_TIMER_MS,
    default: "30000",
    meaning: "Time that live streams get to finish at SIGTERM.",
  },
  {
    name: "ANYRAY_LOG_LEVEL",
    type: "choice",
    choices: LOG_LEVELS,
    default: "info",
    meaning: "The least severity that is logged.",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof SETTINGS)[number]["name"];

/** The same table under its general type, for code that walks it. */
export const ALL_SETTINGS: readonly Setting[] = SETTINGS;

export function isSecret(setting: Setting): boolean {
  return setting.secret === true;
}

/** The default as it would be written; empty if there is none. */
export function defaultOf(name: SettingName): string {
  return ALL_SETTINGS.find((setting) => setting.name === name)?.default ?? "";
}

/** Every variable that may stand in the environment: the names, and `<NAME>_FILE` for each secret. */
export const KNOWN_VARIABLES: readonly string[] = ALL_SETTINGS.flatMap((setting) =>
  isSecret(setting) ? [setting.name, `${setting.name}_FILE`] : [setting.name],
);
