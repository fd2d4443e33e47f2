/** Whom a cap or a rate limit holds for, in words and as fields of a form. */
import { SelectField, TextField } from "../../components/form.tsx";

export interface Scoped {
  readonly scope: string;
  readonly scope_id: string | null;
}

export const SCOPES = [
  { value: "org", label: "The organisation as a whole" },
  { value: "team", label: "A team" },
  { value: "user", label: "A user" },
  { value: "key", label: "A key" },
] as const;

/** Of the fields, by the API's names. */
export const SCOPE_LABELS = { scope: "Holds for", scope_id: "Which one" } as const;

/** `each user`, `the team core`, `the organisation`. */
export function scopeText({ scope, scope_id: id }: Scoped): string {
  if (scope === "org") return "the organisation";
  return id === null ? `each ${scope}` : `the ${scope} ${id}`;
}

/** As the head of a row. */
export function scopeTitle(scoped: Scoped): string {
  const text = scopeText(scoped);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Leads to whom it holds for, where they have a page. */
export function scopeHref({ scope, scope_id: id }: Scoped): string | null {
  if (id === null || !["team", "user", "key"].includes(scope)) return null;
  return `/${scope}s/${encodeURIComponent(id)}`;
}

export function ScopeFields({
  scope,
  scopeId,
}: {
  readonly scope: string;
  readonly scopeId: string;
}) {
  return (
    <div class="field-row">
      <SelectField name="scope" label={SCOPE_LABELS.scope} value={scope} choices={SCOPES} />
      <TextField
        name="scope_id"
        label={SCOPE_LABELS.scope_id}
        value={scopeId}
        hint="A user, a team, a key's id. Empty: each of them, apart."
      />
    </div>
  );
}

/** The organisation has no name of its own. */
export function readScope(form: URLSearchParams): { scope: string; scope_id: string | null } {
  return {
    scope: form.get("scope") ?? "",
    scope_id: form.get("scope_id")?.trim() || null,
  };
}
