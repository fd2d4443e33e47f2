/** Making, changing and removing a provider: checked whole, sealed, stored with its audit entry, and in force when the answer is given. */
import type { Setting } from "../../../db/store.ts";
import type { Actor } from "../../accounts/roles.ts";
import type { AuditDraft } from "../../audit/entry.ts";
import type { Fault } from "../../config/fault.ts";
import { PROVIDER_FIELDS } from "../../config/parse-provider.ts";
import { PROVIDER_NAME, type ProviderSettings } from "../../config/provider-settings.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import type { RosterEntry } from "../../providers/roster.ts";
import {
  decodeProvider,
  encodeProvider,
  openMembers,
  originOf,
  PROVIDER_SETTING,
  readProvider,
  SECRET_MEMBERS,
  type ProviderMembers,
  type StoredProvider,
} from "../../providers/stored-provider.ts";
import { Members, needed } from "./body.ts";
import { change, found, read } from "./change.ts";
import { expectedVersion } from "./if-match.ts";
import { providerFacts, toProviderJson } from "./provider-json.ts";
import { invalid } from "./query.ts";

/** What a setting can hold. */
const MAX_CHARACTERS = 16_384;
const MAX_FAULTS = 5;
const NAME_HINT = "It has lower-case letters, digits and . _ - only, 64 at most.";
/** Stands beside the providers in `ANYRAY_PROVIDERS`: such a provider could not move there. */
const NO_NAME = "aliases";

export async function createProvider(deps: Deps, actor: Actor, body: unknown) {
  const members = new Members(body, ["id", ...PROVIDER_FIELDS]);
  const isName = (text: string) => PROVIDER_NAME.test(text) && text !== NO_NAME;
  const name = needed(members.text("id", NAME_HINT, isName), "id");
  refuseDeployments(deps, name);
  const setting = await readSetting(deps, name);
  if (setting !== null && decodeProvider(setting.value) !== null) {
    throw new GatewayError("conflict", { field: "id", hint: "There is a provider of this name." });
  }
  const { id: _, ...given } = merge({}, asMembers(body));
  return store(deps, actor, {
    action: "provider.create",
    name,
    before: null,
    members: given,
    createdAtMs: deps.clock.now(),
    expected: setting?.version ?? 0,
  });
}

export async function changeProvider(
  deps: Deps,
  actor: Actor,
  name: string,
  body: unknown,
  request: Request,
) {
  new Members(body, PROVIDER_FIELDS);
  const { setting, stored } = await find(deps, name);
  const patch = asMembers(body);
  return store(deps, actor, {
    action: "provider.change",
    name,
    before: deps.providers.find(name),
    members: merge(baseFor(deps, name, stored, patch), patch),
    createdAtMs: stored?.createdAtMs ?? deps.clock.now(),
    expected: expectedVersion(request) ?? setting.version,
  });
}

export async function removeProvider(deps: Deps, actor: Actor, name: string, request: Request) {
  const { setting } = await find(deps, name);
  const named = [...deps.providers.routes.aliases].some(([, to]) => to.startsWith(`${name}/`));
  if (named) {
    throw new GatewayError("conflict", {
      hint: "An alias leads to this provider. Change that first: PUT /admin/routes.",
    });
  }
  const entry = deps.providers.find(name);
  await write(deps, actor, {
    action: "provider.remove",
    name,
    before: entry,
    after: null,
    value: "null",
    expected: expectedVersion(request) ?? setting.version,
  });
  return { removed: true };
}

interface Wanted {
  readonly action: AuditDraft["action"];
  readonly name: string;
  readonly before: RosterEntry | null;
  readonly members: ProviderMembers;
  readonly createdAtMs: number;
  readonly expected: number;
}

async function store(deps: Deps, actor: Actor, wanted: Wanted) {
  const { action, name, before, members, createdAtMs, expected } = wanted;
  const settings = checked(readProvider(name, members, deps.providers.listedOrigins));
  const value = encodeProvider({ name, members, settings, createdAtMs }, deps.keyring, deps.random);
  if (value.length > MAX_CHARACTERS) {
    throw invalid(null, "All of it may have 16 KiB. List fewer models, or shorter values.");
  }
  const what = decodeProvider(value);
  if (what === null || what === "unreadable") throw new GatewayError("internal");
  const after: RosterEntry = {
    name,
    state: "ok",
    settings,
    stored: { what, version: expected + 1, changedAtMs: deps.clock.now(), changedBy: actor.name },
  };
  await write(deps, actor, { action, name, before, after, value, expected });
  return toProviderJson(found(deps.providers.find(name), "id", "provider"));
}

interface Written {
  readonly action: AuditDraft["action"];
  readonly name: string;
  readonly before: RosterEntry | null;
  readonly after: RosterEntry | null;
  readonly value: string;
  readonly expected: number;
}

async function write(deps: Deps, actor: Actor, written: Written): Promise<void> {
  const { action, name, before, after, value, expected } = written;
  const facts = {
    before: before === null ? null : providerFacts(before),
    after: after === null ? null : providerFacts(after),
  };
  await change(deps, actor, { action, target: name, ...facts }, [
    { kind: "setting", name: PROVIDER_SETTING + name, value, expectedVersion: expected },
  ]);
  await read(() => deps.providers.reload());
}

/**
 * What a change is laid over. What is secret was given for one place: where the provider moves to another, or where it can't be opened
 * any more, it must be given again.
 */
function baseFor(
  deps: Deps,
  name: string,
  stored: StoredProvider | null,
  patch: ProviderMembers,
): ProviderMembers {
  if (stored === null) return {};
  const moved = originOf(merge(stored.members, patch)) !== originOf(stored.members);
  if (!moved) {
    try {
      return openMembers(name, stored, deps.keyring);
    } catch {
      // Said below, by the members that are needed.
    }
  }
  const has = {
    api_key: stored.keyFingerprint !== null,
    headers: stored.headers.length > 0,
    query: stored.query.length > 0,
  };
  for (const member of SECRET_MEMBERS) {
    if (!has[member] || patch[member] !== undefined) continue;
    throw invalid(
      member,
      moved
        ? "It was given for another place. Send it again, or null for none."
        : "The stored one can't be opened with the master keys that there are. Send it again, or null for none.",
    );
  }
  return stored.members;
}

/** As a JSON merge patch (RFC 7396); but `price_id: null` is a price list's name, too: none. */
function merge(base: ProviderMembers, patch: ProviderMembers): ProviderMembers {
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(patch)) {
    const before = merged.get(name);
    if (value === null && name !== "price_id") merged.delete(name);
    else if (isObject(value)) merged.set(name, merge(isObject(before) ? before : {}, value));
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

/** Names of headers have no case. Given in two, both stay, for the parser to see. */
function withLowerNames(patch: ProviderMembers): ProviderMembers {
  const { headers } = patch;
  if (!isObject(headers)) return patch;
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const named = Object.fromEntries(lower);
  return Object.keys(named).length === lower.length ? { ...patch, headers: named } : patch;
}

function isObject(value: unknown): value is ProviderMembers {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `Members` has seen that it is an object. */
function asMembers(body: unknown): ProviderMembers {
  return isObject(body) ? withLowerNames(body) : {};
}

async function find(
  deps: Deps,
  name: string,
): Promise<{ readonly setting: Setting; readonly stored: StoredProvider | null }> {
  const setting = PROVIDER_NAME.test(name) ? await readSetting(deps, name) : null;
  const stored = setting === null ? null : decodeProvider(setting.value);
  if (stored === null) refuseDeployments(deps, name);
  const known = found(stored === null ? null : setting, "id", "provider");
  return { setting: known, stored: stored === "unreadable" ? null : stored };
}

function refuseDeployments(deps: Deps, name: string): void {
  if (!deps.providers.isOfDeployment(name)) return;
  throw new GatewayError("conflict", {
    field: "id",
    hint: "The deployment configures a provider of this name; it is changed there.",
  });
}

function readSetting(deps: Deps, name: string): Promise<Setting | null> {
  return read(() => deps.store.settings.get(PROVIDER_SETTING + name));
}

function checked(provider: {
  readonly settings: ProviderSettings | null;
  readonly faults: readonly Fault[];
}): ProviderSettings {
  const { settings, faults } = provider;
  const [first] = faults;
  if (settings !== null && first === undefined) return settings;
  const field = first?.where.split(".")[0] || null;
  const hint = faults
    .slice(0, MAX_FAULTS)
    // One alone is named already.
    .map(
      ({ where, problem }) => `${faults.length === 1 && where === field ? "It" : where} ${problem}`,
    )
    .map((text) => text.trim())
    .join(" ");
  throw invalid(field, hint);
}
