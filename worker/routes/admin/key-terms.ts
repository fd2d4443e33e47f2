/** What a client key is bound to and may do, in the bodies of keys and of invites. */
import { t } from "elysia";
import type { KeyTerms } from "../../../db/store.ts";
import { ENDPOINTS, isIdentity, OPAQUE_ENDPOINTS } from "../../chat.ts";
import type { Deps } from "../../deps.ts";
import type { Members } from "./body.ts";
import { invalid } from "./query.ts";

const KEY_ENDPOINTS: readonly string[] = [...ENDPOINTS, ...OPAQUE_ENDPOINTS];
const optional = (description: string) =>
  t.Optional(t.Union([t.String(), t.Null()], { description }));
const names = (description: string) =>
  t.Optional(t.Union([t.Array(t.String()), t.Null()], { description }));

/** The members of a body, for the API description. */
export const KeyTermsSchema = {
  name: optional("A label to recognise it by"),
  description: optional("A few more words, such as `laptop of ann`"),
  user: optional("Who is charged for what it spends"),
  team: optional("The team that is"),
  metadata: optional(
    "ignore | fill: whether callers may name user and team; default: fill, unless `user` is given",
  ),
  passthrough: optional("The provider that may get the caller's own credential; default: none"),
  models: names("What it may use: provider/model, provider/*, model; default: everything"),
  endpoints: names(`Of ${KEY_ENDPOINTS.join(", ")}; default: all`),
};

export const KEY_TERMS = Object.keys(KeyTermsSchema);

const MODELS_HINT = "It is a list of names like openai/gpt-4o, openai/* or gpt-4o.";

/** Only what the body has. @throws GatewayError `invalid_request` */
export function parseKeyTerms(members: Members, deps: Deps): Partial<KeyTerms> {
  const terms: { -readonly [Name in keyof KeyTerms]?: KeyTerms[Name] } = {};
  for (const name of ["name", "description", "user", "team"] as const) {
    const value = members.name(name);
    if (value !== undefined) terms[name] = value;
  }
  const metadata = members.choice("metadata", ["ignore", "fill"]);
  if (metadata !== undefined) terms.metadata = metadata;
  const passthrough = members.name("passthrough");
  if (passthrough !== undefined) {
    const providers = deps.routing.providers.map((provider) => provider.name);
    if (passthrough !== null && !providers.includes(passthrough)) {
      throw invalid("passthrough", `It is one of ${providers.join(", ")}.`);
    }
    terms.passthrough = passthrough;
  }
  const models = members.names("models", MODELS_HINT, (text) =>
    isIdentity(text.replace(/\/\*$/, "/any")),
  );
  if (models !== undefined) terms.models = models;
  const endpoints = members.names(
    "endpoints",
    `It is a list of ${KEY_ENDPOINTS.join(", ")}.`,
    (text) => KEY_ENDPOINTS.includes(text),
  );
  if (endpoints !== undefined) terms.endpoints = endpoints;
  return terms;
}

export const NO_TERMS: KeyTerms = {
  name: null,
  description: null,
  user: null,
  team: null,
  metadata: null,
  passthrough: null,
  models: null,
  endpoints: null,
};
