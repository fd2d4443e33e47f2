/** A provider is set, or changed. Secrets are typed, and never shown again: an empty field leaves what is there. */
import { AreaField, CheckField, Hidden, SelectField, TextField } from "../../components/form.tsx";
import { FormPage } from "../../components/form-page.tsx";
import type { Provider, TypedProvider } from "./terms.ts";

const KINDS = [
  { value: "openai-compatible", label: "OpenAI-compatible server" },
  { value: "openai", label: "OpenAI" },
  { value: "anthropic", label: "Anthropic" },
  { value: "demo", label: "Demo: a local model without a network" },
] as const;
const AUTHS = [
  { value: "", label: "As usual for its kind" },
  { value: "bearer", label: "authorization: Bearer …" },
  { value: "api-key", label: "api-key: …" },
  { value: "x-api-key", label: "x-api-key: …" },
  { value: "none", label: "Not at all" },
] as const;

/** Of names that nothing but the API has. */
export const PROVIDER_LABELS = {
  id: "Name",
  base_url: "Address",
  api_key: "Key",
  price_id: "Prices of",
} as const;

export interface ProviderForm {
  /** Null: a new one. */
  readonly provider: Provider | null;
  readonly typed: TypedProvider;
  readonly fault: string | null;
}

export function providerFormView({ provider, typed, fault }: ProviderForm): JSX.Element {
  const isNew = provider === null;
  const path = isNew ? "/providers" : `/providers/${encodeURIComponent(provider.id)}`;
  return (
    <FormPage
      title={isNew ? "New provider" : `Change ${provider.id}`}
      lead={
        isNew
          ? "In force at once. Its address joins those that the gateway may connect to."
          : "In force at once. Where the address leads to another host, what is secret must be typed again."
      }
      fault={fault}
      action={isNew ? "/providers/new" : `${path}/change`}
      verb={isNew ? "Set provider" : "Save"}
      cancel={path}
    >
      {isNew ? (
        <TextField
          name="id"
          label={PROVIDER_LABELS.id}
          value={typed.id}
          hint="Stands before its models: name/model. Lower case, digits, dots and dashes."
          isRequired
        />
      ) : (
        <Hidden name="version" value={String(provider.version ?? "")} />
      )}
      <SelectField name="kind" label="Kind" value={typed.kind} choices={KINDS} />
      <TextField
        name="base_url"
        label={PROVIDER_LABELS.base_url}
        value={typed.base_url}
        hint="As for its SDK, such as https://api.example.com/v1. Empty for the demo, and for OpenAI's and Anthropic's own. A private address can only stand in the deployment's ANYRAY_PROVIDERS."
      />
      <Credential provider={provider} typed={typed} />
      <AreaField
        name="models"
        label="Models"
        value={typed.models}
        hint="One a line. Empty: all that it has; then it is asked for as name/model."
      />
      <Further typed={typed} isNew={isNew} />
    </FormPage>
  );
}

function Credential({ provider, typed }: Pick<ProviderForm, "provider" | "typed">) {
  const fingerprint = provider?.key_fingerprint ?? null;
  return (
    <>
      <TextField
        name="api_key"
        label={PROVIDER_LABELS.api_key}
        type="password"
        autocomplete="new-password"
        hint={
          fingerprint === null
            ? "Sealed when it is stored, and never shown. Empty: none."
            : `Empty: the one that is there stays, ${fingerprint}.`
        }
      />
      {fingerprint === null ? null : (
        <CheckField name="no_key" label="Take the key away" isChecked={typed.no_key !== ""} />
      )}
      <SelectField name="auth" label="How the key is sent" value={typed.auth} choices={AUTHS} />
    </>
  );
}

function Further({ typed, isNew }: { readonly typed: TypedProvider; readonly isNew: boolean }) {
  const stays = isNew ? "" : " Empty: what is there stays; a name without a value is taken away.";
  return (
    <details class="further">
      <summary>Headers, endpoints and prices</summary>
      <div class="form">
        <AreaField
          name="headers"
          label="Own headers"
          hint={`name: value, one a line; values are sealed.${stays}`}
        />
        <AreaField
          name="query"
          label="Own parameters"
          hint={`name: value, one a line, added to every address; values are sealed.${stays}`}
        />
        <TextField
          name="endpoints"
          label="Endpoints"
          value={typed.endpoints}
          hint="Such as: chat, responses, embeddings, images, audio, files. Empty: those of its kind."
        />
        <CheckField
          name="stream_usage"
          label="It reports usage in streams when it is asked to"
          isChecked={typed.stream_usage !== ""}
        />
        <TextField
          name="price_id"
          label={PROVIDER_LABELS.price_id}
          value={typed.price_id}
          hint={
            isNew
              ? "A provider of the price data, such as groq. Empty: found by its address."
              : "A provider of the price data, such as groq. Empty: unpriced."
          }
        />
      </div>
    </details>
  );
}
