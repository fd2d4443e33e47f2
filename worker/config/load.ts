/**
 * Environment → `Config`, or one `ConfigError` that lists every fault. What is outside (files, the making of secrets) is handed in.
 */
import type { DatabasePlace } from "../../db/store.ts";
import { readDatabase } from "./database-url.ts";
import { createEnvironment, type Env, type Environment, type ReadFile } from "./environment.ts";
import { ConfigError, type Fault } from "./fault.ts";
import type { Report } from "./json-fields.ts";
import { readMetadataKeys } from "./metadata-keys.ts";
import { findPriceIdByName } from "./price-id.ts";
import { MAX_RECIPIENTS, parseRecipient } from "../encryption/recipients.ts";
import { CONTENT_MODES, type ContentMode } from "../privacy/mode.ts";
import { readProviders } from "./provider-sources.ts";
import type { ProvidersConfig } from "./providers.ts";
import { MADE_SECRETS, type MadeSecret, type OpenSecrets, type Secrets } from "./secret.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/log.ts";
import { defaultOf, LEDGER_SYNCS, type LedgerSync } from "./settings.ts";
import { readKeepMs, readPlace, readTraces, type Place, type TracesConfig } from "./traces.ts";
import { findMisplacedSettings, findUnknownSettings } from "./unknown-setting.ts";

export type { ProviderSettings } from "./provider-settings.ts";
export type { Env, ReadFile } from "./environment.ts";

export interface Config extends ProvidersConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly console: {
    readonly port: number;
    /** An origin; null: loopback names alone. */
    readonly url: string | null;
    /** The origin of a console to whom the port leads; null: none. */
    readonly relayTo: string | null;
    /** Where its pages say that the gateway is, an origin; null: where it listens. */
    readonly publicGatewayUrl: string | null;
  };
  /** As given, so perhaps relative to the working directory; `secretsFile.path`, too. */
  readonly dataDir: string;
  readonly ledgerSync: LedgerSync;
  /** Null: SQLite in the data directory. */
  readonly database: DatabasePlace | null;
  /** How long its rows are kept; null: for ever. */
  readonly keepLedgerMs: number | null;
  readonly logLevel: LogLevel;
  /** Further members of the metadata header that the ledger keeps. */
  readonly metadataKeys: readonly string[];
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly idleMs: number;
    /** 0: none. */
    readonly totalMs: number;
  };
  readonly limits: {
    readonly maxBodyBytes: number;
    /** Silence after which a stream gets a comment. */
    readonly keepAliveMs: number;
    /** For live streams at SIGTERM. */
    readonly drainMs: number;
  };
  readonly traces: TracesConfig;
  readonly quotas: {
    readonly allowUnpriced: boolean;
    /** Null: nobody is told. */
    readonly webhook: Place | null;
  };
  readonly content: {
    readonly mode: ContentMode;
    readonly allowPlaintext: boolean;
    /** X25519 public keys; none: the gateway can read what it writes. */
    readonly recipients: readonly Uint8Array[];
    readonly maxBytes: number;
    readonly inlineMaxBytes: number;
  };
  readonly secrets: {
    readonly adminToken: string;
    /** 64 lower-case hex digits. */
    readonly contentKey: string;
    /** Former content keys, the same form. */
    readonly retiredContentKeys: readonly string[];
    readonly clientKey: string;
    readonly metricsToken: string | null;
    /** 64 lower-case hex digits. */
    readonly auditKey: string;
  };
  /** Null: everything that the gateway would make was given, and there is no file. */
  readonly secretsFile: Omit<Secrets, "values"> | null;
}

const HOST = /^[0-9A-Za-z][0-9A-Za-z._-]*$|^[0-9A-Fa-f:.]+$/;

/** What a command-line tool needs to find the store. */
export type StoreLocation = Pick<Config, "dataDir" | "ledgerSync" | "database">;

/** The public keys of `ANYRAY_CONTENT_RECIPIENTS`. */
function readRecipients(environment: Environment, report: Report): readonly Uint8Array[] {
  const name = "ANYRAY_CONTENT_RECIPIENTS";
  const texts = environment
    .text(name)
    .split(",")
    .map((text) => text.trim())
    .filter(Boolean);
  const keys = texts.map(parseRecipient);
  if (keys.includes(null)) {
    report(
      name,
      "must be public keys `arr_…`, joined by commas. `anyray keys recipient-new` makes one.",
    );
  }
  if (new Set(texts).size < texts.length) report(name, "names a key twice.");
  if (texts.length > MAX_RECIPIENTS) report(name, `has more than ${MAX_RECIPIENTS} keys.`);
  return keys.filter((key) => key !== null);
}

function collect(faults: Fault[]): Report {
  return (where, problem) => {
    faults.push({ where, problem });
  };
}

type OriginSetting = "ANYRAY_CONSOLE_URL" | "ANYRAY_CONSOLE_RELAY" | "ANYRAY_PUBLIC_URL";

/** An origin alone: the console's cookie is bound to its host, so that it can't live below a path. */
function readOrigin(name: OriginSetting, text: string, report: Report): string | null {
  if (text === "") return null;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) {
    return url.origin;
  }
  report(name, "must be http:// or https:// with a host, and no path.");
  return null;
}

/** Throws `ConfigError`. Looks at nothing else, so that a tool works beside a gateway whose other settings it was not given. */
export function loadStoreLocation(env: Env, readFile: ReadFile): StoreLocation {
  const faults: Fault[] = [];
  const report = collect(faults);
  const environment = createEnvironment(env, readFile, new Map(), report);
  const location = {
    dataDir: environment.text("ANYRAY_DATA_DIR"),
    ledgerSync: environment.choice("ANYRAY_LEDGER_SYNC", LEDGER_SYNCS),
    database: readDatabase(environment, readFile, report),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return location;
}

/**
 * The id under which the price data knows a provider, by the operator's name for it: of those configured, else of those it knows by
 * just that name. For tools; needs no API key. Throws `ConfigError`.
 */
export function loadPriceIds(env: Env, readFile: ReadFile): (provider: string) => string | null {
  const faults: Fault[] = [];
  const environment = createEnvironment(env, readFile, new Map(), collect(faults));
  // Keys are not looked up: a tool's environment need not hold them.
  const keyless = { ...environment, secret: () => null, lookUp: () => "unused" };
  const { providers } = readProviders(keyless, readFile, collect(faults));
  if (faults.length > 0) throw new ConfigError(faults);
  const ids = new Map(providers.map(({ name, priceId }) => [name, priceId]));
  return (name) => ids.get(name) ?? (ids.has(name) ? null : findPriceIdByName(name));
}

/** For the tool that proves the way of a trace. Throws `ConfigError`. */
export function loadTraces(env: Env) {
  const faults: Fault[] = [];
  const report = collect(faults);
  const environment = createEnvironment(env, () => "", new Map(), report);
  const loaded = {
    traces: readTraces(environment, report),
    inlineMaxBytes: environment.whole("ANYRAY_CONTENT_INLINE_MAX_BYTES"),
    connectMs: environment.whole("ANYRAY_TIMEOUT_CONNECT_MS"),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return loaded;
}

/** The master keys, for tools: made by none of them. Throws `ConfigError`. */
export function loadContentKeys(env: Env, readFile: ReadFile, openSecrets: OpenSecrets) {
  const faults: Fault[] = [];
  const dataDir = env["ANYRAY_DATA_DIR"] || defaultOf("ANYRAY_DATA_DIR");
  const present = peek(openSecrets, env["ANYRAY_SECRETS_DIR"] || dataDir, faults);
  const environment = createEnvironment(env, readFile, present.values, collect(faults));
  const current = environment.secret("ANYRAY_CONTENT_KEY");
  const retired = environment.secret("ANYRAY_CONTENT_KEYS_RETIRED");
  if (faults.length > 0) throw new ConfigError(faults);
  return { current, retired: retired === null ? [] : retired.split(",") };
}

/** What `secrets.env` holds before anything is added to it. Its faults join the others. */
function peek(openSecrets: OpenSecrets, directory: string, faults: Fault[]): Secrets {
  try {
    return openSecrets(directory, []);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
    return { values: new Map(), path: "", created: false, made: [] };
  }
}

/**
 * Throws `ConfigError`. Nothing is written before all that was given is known to be right; only then does `openSecrets` make the
 * secrets that nobody gave.
 */
export function loadConfig(env: Env, readFile: ReadFile, openSecrets: OpenSecrets): Config {
  const faults: Fault[] = [...findUnknownSettings(env)];
  const report = collect(faults);
  const dataDir = env["ANYRAY_DATA_DIR"] || defaultOf("ANYRAY_DATA_DIR");
  const secretsDir = env["ANYRAY_SECRETS_DIR"] || dataDir;
  const present = peek(openSecrets, secretsDir, faults);
  faults.push(...findMisplacedSettings(present.values));
  const environment = createEnvironment(env, readFile, present.values, report);

  const host = environment.text("ANYRAY_HOST");
  if (!HOST.test(host)) {
    report("ANYRAY_HOST", "must be an address or a host name alone, without port or brackets.");
  }
  const whole = environment.whole;
  const origin = (name: OriginSetting) => readOrigin(name, environment.text(name), report);
  const given = new Map(MADE_SECRETS.map((name) => [name, environment.secret(name)]));
  const config = {
    listen: { host, port: whole("ANYRAY_PORT") },
    console: {
      port: whole("ANYRAY_CONSOLE_PORT"),
      url: origin("ANYRAY_CONSOLE_URL"),
      relayTo: origin("ANYRAY_CONSOLE_RELAY"),
      publicGatewayUrl: origin("ANYRAY_PUBLIC_URL"),
    },
    dataDir,
    ledgerSync: environment.choice("ANYRAY_LEDGER_SYNC", LEDGER_SYNCS),
    database: readDatabase(environment, readFile, report),
    keepLedgerMs: readKeepMs("ANYRAY_LEDGER_RETENTION_DAYS", environment),
    logLevel: environment.choice("ANYRAY_LOG_LEVEL", LOG_LEVELS),
    metadataKeys: readMetadataKeys(environment, report),
    timeouts: {
      connectMs: whole("ANYRAY_TIMEOUT_CONNECT_MS"),
      firstByteMs: whole("ANYRAY_TIMEOUT_FIRST_BYTE_MS"),
      idleMs: whole("ANYRAY_TIMEOUT_IDLE_MS"),
      totalMs: whole("ANYRAY_TIMEOUT_TOTAL_MS"),
    },
    limits: {
      maxBodyBytes: whole("ANYRAY_MAX_BODY_BYTES"),
      keepAliveMs: whole("ANYRAY_KEEPALIVE_MS"),
      drainMs: whole("ANYRAY_DRAIN_MS"),
    },
    traces: readTraces(environment, report),
    quotas: {
      allowUnpriced: environment.choice("ANYRAY_UNPRICED", ["refuse", "allow"]) === "allow",
      webhook: readPlace("ANYRAY_WEBHOOK_URL", environment, report),
    },
    content: {
      mode: environment.choice("ANYRAY_CONTENT_MODE", CONTENT_MODES),
      allowPlaintext: environment.choice("ANYRAY_ALLOW_PLAINTEXT", ["true", "false"]) === "true",
      recipients: readRecipients(environment, report),
      maxBytes: whole("ANYRAY_CONTENT_MAX_BYTES"),
      inlineMaxBytes: whole("ANYRAY_CONTENT_INLINE_MAX_BYTES"),
    },
    ...readProviders(environment, readFile, report),
  };
  const retired = environment.secret("ANYRAY_CONTENT_KEYS_RETIRED");
  const metricsToken = environment.secret("ANYRAY_METRICS_TOKEN");
  if (faults.length > 0) throw new ConfigError(faults);

  const missing = MADE_SECRETS.filter((name) => given.get(name) === null);
  const file = missing.length === 0 ? present : openSecrets(secretsDir, missing);
  // Through the same check as given ones: another process may have written the file in the meantime.
  const after = createEnvironment(env, readFile, file.values, report);
  const secret = (name: MadeSecret): string => given.get(name) ?? after.secret(name) ?? "";
  const secrets = {
    adminToken: secret("ANYRAY_ADMIN_TOKEN"),
    contentKey: secret("ANYRAY_CONTENT_KEY"),
    retiredContentKeys: retired === null ? [] : retired.split(","),
    clientKey: secret("ANYRAY_CLIENT_KEY"),
    metricsToken,
    auditKey: secret("ANYRAY_AUDIT_KEY"),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  const { path, created, made } = file;
  const isFileUsed = created || MADE_SECRETS.some((name) => file.values.has(name));
  return {
    ...config,
    secrets,
    secretsFile: isFileUsed ? { path, created, made } : null,
  };
}
