/**
 * A provider that was set over the admin API, as the settings table keeps it: what it is in the clear, what it is sent sealed
 * (`worker/encryption/SPEC.md`, "Sealed credentials"). Its members are those of `ANYRAY_PROVIDERS`, read by the same parser; but no
 * `${NAME}` is a variable here, and no loopback or private address that the deployment did not list.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { isInsideHost } from "../config/base-url.ts";
import type { Fault } from "../config/fault.ts";
import { parseProvider } from "../config/parse-provider.ts";
import { OWN_BASE_URLS } from "../config/provider-sources.ts";
import { PROVIDER_KINDS, type ProviderSettings } from "../config/provider-settings.ts";
import { parseStrictJson, type JsonObject } from "../config/strict-json.ts";
import { EnvelopeError } from "../encryption/envelope-error.ts";
import type { Keyring, SealedCredentials } from "../encryption/keyring.ts";
import type { RandomBytes } from "../secret-text.ts";

/** Of the settings table: one a provider. Removed ones keep theirs, with the value `null`: versions never begin anew. */
export const PROVIDER_SETTING = "provider.";

/** Members of JSON, as the admin API takes them. */
export type ProviderMembers = Readonly<Record<string, unknown>>;

/** Kept sealed, and never shown. */
export const SECRET_MEMBERS = ["api_key", "headers", "query"] as const;

export interface StoredProvider {
  /** All but the secret ones. */
  readonly members: ProviderMembers;
  /** Null: it has no key. */
  readonly keyFingerprint: string | null;
  /** Names alone. */
  readonly headers: readonly string[];
  readonly query: readonly string[];
  /** The secret members, as JSON; null: there are none. */
  readonly sealed: SealedCredentials | null;
  readonly createdAtMs: number;
}

const FINGERPRINT_DIGITS = 16;

export function fingerprint(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, FINGERPRINT_DIGITS);
}

/** @param listed origins inside that the deployment wrote down. Null without any fault: it was so wrong that nothing was built */
export function readProvider(
  name: string,
  members: ProviderMembers,
  listed: ReadonlySet<string>,
): { readonly settings: ProviderSettings | null; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const json = readMembers(members);
  if (json === null)
    return { settings: null, faults: [{ where: "", problem: "It is no provider." }] };
  // A path begins with the provider's name, which its reader knows.
  const report = (where: string, problem: string): void => {
    faults.push({ where: where.slice(name.length + 1), problem });
  };
  const settings = parseProvider({ name, where: name, members: json }, OWN_BASE_URLS, null, report);
  if (settings === null || settings.kind === "demo") return { settings, faults };
  const isListed = listed.has(settings.baseUrl.origin);
  if (isInsideHost(settings.baseUrl) && !isListed) {
    faults.push({
      where: "base_url",
      problem:
        "is a loopback or private address, which only the deployment's configuration can list (ANYRAY_PROVIDERS).",
    });
  }
  return { settings: { ...settings, allowPrivate: isListed }, faults };
}

/** Null for what no configuration can be, such as lists within lists without end. */
function readMembers(members: ProviderMembers): JsonObject | null {
  try {
    const json = parseStrictJson(JSON.stringify(members));
    return json instanceof Map ? json : null;
  } catch {
    return null;
  }
}

/** Where its credentials go; null while that can't be told. */
export function originOf(members: ProviderMembers): string | null {
  const { base_url: given, kind } = { base_url: undefined, kind: undefined, ...members };
  if (typeof given === "string") return URL.canParse(given) ? new URL(given).origin : null;
  const known = PROVIDER_KINDS.find((each) => each === kind);
  return (known === undefined ? undefined : OWN_BASE_URLS.get(known))?.origin ?? null;
}

export interface NewProvider {
  readonly name: string;
  readonly members: ProviderMembers;
  /** What `readProvider` made of them, without a fault. */
  readonly settings: ProviderSettings;
  readonly createdAtMs: number;
}

/** For the settings table. */
export function encodeProvider(
  { name, members, settings, createdAtMs }: NewProvider,
  keyring: Keyring,
  random: RandomBytes,
): string {
  const secret = only(members, true);
  const place = { provider: name, origin: settings.baseUrl.origin };
  return encode({
    members: only(members, false),
    keyFingerprint: settings.apiKey === null ? null : fingerprint(settings.apiKey),
    headers: settings.headers.map(([header]) => header),
    query: settings.query.map(([parameter]) => parameter),
    sealed:
      Object.keys(secret).length === 0
        ? null
        : keyring.sealCredentials(place, Buffer.from(JSON.stringify(secret)), random),
    createdAtMs,
  });
}

/** Null for one that was removed; `unreadable` for what this gateway does not understand. */
export function decodeProvider(value: string): StoredProvider | "unreadable" | null {
  try {
    const json: unknown = JSON.parse(value);
    if (json === null) return null;
    // Written by `encode`; whatever else it is fails below, or is found faulty by the parser.
    const { sealed, members, key_fingerprint, headers, query, created_at_ms } = json as Encoded;
    if (typeof members !== "object" || !Array.isArray(headers) || !Array.isArray(query)) {
      return "unreadable";
    }
    if (!Number.isSafeInteger(created_at_ms)) return "unreadable";
    return {
      members,
      keyFingerprint: key_fingerprint,
      headers,
      query,
      sealed:
        sealed === null
          ? null
          : { kid: sealed.kid, bytes: new Uint8Array(Buffer.from(sealed.bytes, "base64")) },
      createdAtMs: created_at_ms,
    };
  } catch {
    return "unreadable";
  }
}

/** With the secret ones. @throws EnvelopeError `unknown_key`, `damaged` */
export function openMembers(
  name: string,
  { members, sealed }: StoredProvider,
  keyring: Keyring,
): ProviderMembers {
  if (sealed === null) return members;
  const place = { provider: name, origin: originOf(members) ?? "" };
  const plain = keyring.openCredentials(place, sealed);
  const secret: unknown = JSON.parse(Buffer.from(plain).toString());
  plain.fill(0);
  return { ...members, ...(typeof secret === "object" ? secret : {}) };
}

/** Sealed anew under the present master key; null where it is already, or has nothing to seal. @throws EnvelopeError */
export function rewrapProvider(
  name: string,
  stored: StoredProvider,
  keyring: Keyring,
  random: RandomBytes,
): string | null {
  const { sealed, members } = stored;
  if (sealed === null || sealed.kid === keyring.kid) return null;
  const place = { provider: name, origin: originOf(members) ?? "" };
  const plain = keyring.openCredentials(place, sealed);
  const anew = keyring.sealCredentials(place, plain, random);
  plain.fill(0);
  return encode({ ...stored, sealed: anew });
}

/** Why credentials don't open, in a word. */
export function credentialProblem(error: unknown): "unknown_key" | "damaged" {
  return error instanceof EnvelopeError && error.code === "unknown_key" ? "unknown_key" : "damaged";
}

interface Encoded {
  readonly members: ProviderMembers;
  readonly key_fingerprint: string | null;
  readonly headers: readonly string[];
  readonly query: readonly string[];
  readonly sealed: { readonly kid: string; readonly bytes: string } | null;
  readonly created_at_ms: number;
}

function encode({ sealed, ...stored }: StoredProvider): string {
  const encoded: Encoded = {
    members: stored.members,
    key_fingerprint: stored.keyFingerprint,
    headers: stored.headers,
    query: stored.query,
    sealed:
      sealed === null
        ? null
        : { kid: sealed.kid, bytes: Buffer.from(sealed.bytes).toString("base64") },
    created_at_ms: stored.createdAtMs,
  };
  return JSON.stringify(encoded);
}

function only(members: ProviderMembers, isSecret: boolean): ProviderMembers {
  const names: readonly string[] = SECRET_MEMBERS;
  return Object.fromEntries(
    Object.entries(members).filter(([name]) => names.includes(name) === isSecret),
  );
}
