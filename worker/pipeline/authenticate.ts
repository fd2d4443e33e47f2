/**
 * Who is calling: a client key, managed or beside the caller's own provider credential, and the user and team that the
 * request counts for. The key's bindings win over what the caller says.
 */
import type { ClientKey } from "../../db/store.ts";
import type { Attribution, Credential } from "../chat.ts";
import { parseClientKey } from "../client-key.ts";
import type { Deps } from "../deps.ts";
import { GatewayError } from "../errors.ts";
import { parseMetadata, sessionFromHeaders, type Metadata } from "./metadata.ts";

export interface Caller {
  readonly key: ClientKey;
  readonly credential: Credential;
  /** In pass-through: the header that goes to the provider in place of ours. */
  readonly ownCredential: readonly [name: string, value: string] | null;
}

export interface Identity {
  readonly user: string | null;
  readonly team: string | null;
  readonly attribution: Attribution;
  readonly session: string | null;
  /** What else of the metadata is kept, as `kept-metadata.ts` words it. */
  readonly metadata: string | null;
}

/**
 * Synchronous where the key was seen a moment ago, for the hot path.
 * @throws (or rejects with) GatewayError `unauthenticated`, `invalid_request`
 */
export function authenticate(deps: Deps, headers: Headers): Caller | Promise<Caller> {
  const beside = headers.get("x-anyray-api-key");
  const secret = beside ?? managedSecret(headers);
  const parsed = parseClientKey(secret);
  if (parsed === null) throw unauthenticated();
  const known = deps.clientKeys.cached(parsed.hash);
  if (known !== undefined) return toCaller(deps, known, headers, beside !== null);
  return deps.clientKeys
    .find(parsed.hash)
    .then((key) => toCaller(deps, key, headers, beside !== null));
}

function unauthenticated(): GatewayError {
  return new GatewayError("unauthenticated", {
    hint: "Send a client key: `authorization: Bearer ark_…` or `x-api-key: ark_…`.",
  });
}

function managedSecret(headers: Headers): string {
  const bearer = bearerToken(headers.get("authorization"));
  const apiKey = headers.get("x-api-key");
  if (bearer !== null && apiKey !== null && bearer !== apiKey) {
    throw new GatewayError("invalid_request", {
      field: "authorization",
      hint: "`authorization` and `x-api-key` hold different keys. Send one of them.",
    });
  }
  return bearer ?? apiKey ?? "";
}

export function bearerToken(authorization: string | null): string | null {
  return authorization !== null && /^bearer /i.test(authorization)
    ? authorization.slice(7).trim()
    : null;
}

function toCaller(
  deps: Deps,
  key: ClientKey | null,
  headers: Headers,
  isPassthrough: boolean,
): Caller {
  const now = deps.clock.now();
  if (key === null || key.revokedAtMs !== null || (key.expiresAtMs ?? Infinity) <= now) {
    throw unauthenticated();
  }
  if (!isPassthrough) return { key, credential: "managed", ownCredential: null };
  const credential = "passthrough";
  if (key.passthrough === null) return { key, credential, ownCredential: null };
  return { key, credential, ownCredential: ownCredential(headers) };
}

/**
 * Apart from `authenticate`: the key is known by then, so that the refusal has its row.
 * @throws GatewayError `forbidden`
 */
export function checkPassthrough({ key, credential }: Caller): void {
  if (credential === "managed" || key.passthrough !== null) return;
  throw new GatewayError("forbidden", {
    field: "x-anyray-api-key",
    hint: "The key names no provider for pass-through.",
  });
}

/** The caller's credential for the provider. A key of ours is never one. */
function ownCredential(headers: Headers): readonly [string, string] {
  for (const name of ["authorization", "x-api-key"]) {
    const value = headers.get(name);
    // Empty is none: some tools send one of the two so.
    if (value !== null && value !== "" && !holdsOurKey(value)) return [name, value];
  }
  throw new GatewayError("unauthenticated", {
    field: "authorization",
    hint: "Pass-through needs your own provider credential in `authorization` or `x-api-key`.",
  });
}

/** Of the admin token, sign-ins and invites, whose prefixes stand in other words, too. */
const RARER_KEY = /(?:aat|ans|inv)_[\w-]{43}/;

/** Whether a header value contains a secret that this gateway issues. */
export function holdsOurKey(value: string): boolean {
  if (value.includes("ark_") || value.includes("aak_")) return true;
  const mayHold = value.includes("ans_") || value.includes("inv_") || value.includes("aat_");
  return mayHold && RARER_KEY.test(value);
}

/** @throws (or rejects with) GatewayError `forbidden`, and `invalid_request` for bad metadata */
export function identify(
  deps: Deps,
  caller: Caller,
  headers: Headers,
): Identity | Promise<Identity> {
  checkPassthrough(caller);
  const { key } = caller;
  const metadata = parseMetadata(headers.get("x-anyray-metadata"), deps.metadataKeys);
  const said = {
    session: metadata.session ?? sessionFromHeaders(headers),
    metadata: metadata.kept,
  };
  const policy = key.metadata ?? (key.user === null ? "fill" : "ignore");
  if (policy === "ignore" || (metadata.user === null && metadata.team === null)) {
    return { ...keyIdentity(key), ...said };
  }
  return fill(deps, key, metadata).then((filled) => ({ ...filled, ...said }));
}

/** What the key alone says. */
export function keyIdentity(key: ClientKey): Identity {
  const isBound = key.user !== null || key.team !== null;
  const attribution = isBound ? "key" : "none";
  return { user: key.user, team: key.team, attribution, session: null, metadata: null };
}

/** What the key leaves open comes from the header. */
async function fill(
  deps: Deps,
  key: ClientKey,
  metadata: Metadata,
): Promise<Pick<Identity, "user" | "team" | "attribution">> {
  const claimed = key.user === null ? metadata.user : null;
  const user = claimed === null ? key.user : await deps.claimedUsers.admit(key.id, claimed);
  const team =
    key.team ??
    (metadata.team === null ? null : await deps.claimedTeams.admit(key.id, metadata.team));
  const isFilled = (key.user === null && user !== null) || (key.team === null && team !== null);
  return { user, team, attribution: isFilled ? "header" : keyIdentity(key).attribution };
}
