/** What a key is bound to and may do, as a form has it and as the API takes it. For keys and for invites. */
import type { AdminApi } from "../../api.ts";
import { parseWords } from "../../words.ts";

type KeysAnswer = NonNullable<Awaited<ReturnType<AdminApi["keys"]["get"]>>["data"]>;
export type Key = KeysAnswer["keys"][number];

const TEXTS = ["name", "description", "user", "team", "metadata", "passthrough"] as const;
const LISTS = ["models", "endpoints"] as const;
const DATES = ["expires_at", "key_expires_at"] as const;
type TextName = (typeof TEXTS)[number];
type ListName = (typeof LISTS)[number];
type DateName = (typeof DATES)[number];

/** As it stands in the fields; empty: none. */
export type TypedTerms = Readonly<Record<TextName | ListName | DateName, string>>;

export const NOTHING_TYPED: TypedTerms = {
  name: "",
  description: "",
  user: "",
  team: "",
  metadata: "",
  passthrough: "",
  models: "",
  endpoints: "",
  expires_at: "",
  key_expires_at: "",
};

export function readTyped(form: URLSearchParams): TypedTerms {
  const of = (name: keyof TypedTerms) => form.get(name)?.trim() ?? "";
  return {
    name: of("name"),
    description: of("description"),
    user: of("user"),
    team: of("team"),
    metadata: of("metadata"),
    passthrough: of("passthrough"),
    models: parseWords(of("models")).join("\n"),
    endpoints: parseWords(of("endpoints")).join(", "),
    expires_at: of("expires_at"),
    key_expires_at: of("key_expires_at"),
  };
}

export function typedOf(key: Key): TypedTerms {
  return {
    name: key.name ?? "",
    description: key.description ?? "",
    user: key.user ?? "",
    team: key.team ?? "",
    metadata: key.metadata ?? "",
    passthrough: key.passthrough ?? "",
    models: (key.models ?? []).join("\n"),
    endpoints: (key.endpoints ?? []).join(", "),
    expires_at: key.expires_at?.slice(0, 10) ?? "",
    key_expires_at: "",
  };
}

type Body = Partial<Record<TextName | DateName, string | null> & Record<ListName, string[] | null>>;

/** What differs from before; what was emptied is taken away. */
export function changesOf(before: TypedTerms, typed: TypedTerms): Body {
  const body: Body = {};
  for (const name of [...TEXTS, ...DATES]) {
    if (typed[name] !== before[name]) body[name] = typed[name] || null;
  }
  for (const name of LISTS) {
    if (typed[name] === before[name]) continue;
    body[name] = typed[name] === "" ? null : parseWords(typed[name]);
  }
  return body;
}

/** What people call a key. */
export function keyName({ name, display }: Pick<Key, "name" | "display">): string {
  return name ?? `ark_${display}…`;
}
