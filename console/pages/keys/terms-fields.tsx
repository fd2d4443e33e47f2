/** The fields of what a key is bound to and may do. */
import { AreaField, SelectField, TextField } from "../../components/form.tsx";
import type { TypedTerms } from "./terms.ts";

interface TermsFieldsProps {
  readonly typed: TypedTerms;
  /** Names; a key may let one of them have the caller's own credential. */
  readonly providers: readonly string[];
}

/** Of names that nothing but the API has. */
export const TERMS_LABELS = {
  metadata: "What callers say about themselves",
  passthrough: "The caller's own credential",
} as const;

export function TermsFields({ typed, providers }: TermsFieldsProps) {
  return (
    <>
      <TextField name="name" label="Name" value={typed.name} hint="A label to recognise it by" />
      <TextField
        name="description"
        label="Description"
        value={typed.description}
        hint="A few more words, such as: laptop of ann"
      />
      <div class="field-row">
        <TextField name="user" label="User" value={typed.user} hint="Who is charged" />
        <TextField name="team" label="Team" value={typed.team} />
      </div>
      <AreaField
        name="models"
        label="Models"
        value={typed.models}
        hint="One a line: openai/gpt-5, anthropic/*, or a bare name. Empty: every model."
      />
      <details class="further" open={hasFurther(typed)}>
        <summary>More limits</summary>
        <div class="form">
          <TextField
            name="endpoints"
            label="Endpoints"
            value={typed.endpoints}
            hint="Such as: chat, responses, messages, embeddings. Empty: all."
          />
          <SelectField
            name="metadata"
            label={TERMS_LABELS.metadata}
            value={typed.metadata}
            choices={[
              { value: "", label: "As usual: counts unless the key has a user" },
              { value: "fill", label: "Counts for what the key leaves open" },
              { value: "ignore", label: "Is ignored" },
            ]}
            hint="User and team in x-anyray-metadata"
          />
          <SelectField
            name="passthrough"
            label={TERMS_LABELS.passthrough}
            value={typed.passthrough}
            choices={[
              { value: "", label: "Is not taken: the gateway uses its own" },
              ...withPresent(providers, typed.passthrough).map((name) => ({
                value: name,
                label: `Goes to ${name}`,
              })),
            ]}
          />
        </div>
      </details>
    </>
  );
}

function hasFurther({ endpoints, metadata, passthrough }: TypedTerms): boolean {
  return endpoints + metadata + passthrough !== "";
}

/** A provider that is gone stays what is chosen. */
function withPresent(names: readonly string[], present: string): readonly string[] {
  return present === "" || names.includes(present) ? names : [...names, present];
}
