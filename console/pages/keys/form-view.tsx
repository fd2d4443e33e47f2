/** A key is made, changed, rotated, revoked; and its secret is shown, once. */
import { Confirm } from "../../components/confirm.tsx";
import { FormPage } from "../../components/form-page.tsx";
import { SelectField, TextField } from "../../components/form.tsx";
import { Copyable, PageHead, Panel } from "../../components/head.tsx";
import { SetUps } from "../../components/set-up.tsx";
import { Notice } from "../../components/states.tsx";
import { keyName, type Key, type TypedTerms } from "./terms.ts";
import { TERMS_LABELS, TermsFields } from "./terms-fields.tsx";

export const KEY_LABELS = { ...TERMS_LABELS, expires_at: "Expires" } as const;

export interface KeyForm {
  /** Null: a new one. */
  readonly key: Key | null;
  readonly typed: TypedTerms;
  readonly providers: readonly string[];
  /** What the gateway refused. */
  readonly fault: string | null;
}

export function keyFormView({ key, typed, providers, fault }: KeyForm): JSX.Element {
  const path = key === null ? "/keys" : `/keys/${encodeURIComponent(key.id)}`;
  const isNew = key === null;
  return (
    <FormPage
      title={isNew ? "New key" : `Change ${keyName(key)}`}
      lead={
        isNew
          ? "Its secret is shown once, when it is made."
          : "In force at once. What is emptied is taken away."
      }
      fault={fault}
      action={isNew ? "/keys/new" : `${path}/change`}
      verb={isNew ? "Make key" : "Save"}
      cancel={path}
    >
      <TermsFields typed={typed} providers={providers} />
      <TextField
        name="expires_at"
        label={KEY_LABELS.expires_at}
        type="date"
        value={typed.expires_at}
        hint="When that day begins, in UTC. Empty: never."
      />
    </FormPage>
  );
}

const OVERLAPS = [
  { value: "0", label: "It stops at once" },
  { value: "3600", label: "An hour" },
  { value: "86400", label: "A day" },
  { value: "604800", label: "A week" },
  { value: "2592000", label: "30 days" },
] as const;
export const USUAL_OVERLAP = "86400";

export function rotateView(key: Key, fault: string | null): JSX.Element {
  const path = `/keys/${encodeURIComponent(key.id)}`;
  return (
    <FormPage
      title={`Give ${keyName(key)} a new secret?`}
      lead="The key stays what it is: its bounds, its caps and its spend."
      fault={fault}
      action={`${path}/rotate`}
      verb="Rotate key"
      cancel={path}
    >
      <SelectField
        name="overlap"
        label="How long the present secret still works"
        value={USUAL_OVERLAP}
        choices={OVERLAPS}
        hint="Time to change it everywhere. A secret from an earlier rotation stops now."
      />
    </FormPage>
  );
}

export function revokeView(key: Key, fault: string | null): JSX.Element {
  const path = `/keys/${encodeURIComponent(key.id)}`;
  return (
    <Confirm
      title={`Revoke ${keyName(key)}?`}
      consequences={[
        "Whoever uses it is refused from now on. Requests that are under way go on to their end.",
        "That is for good: a key can't be brought back, only another one made.",
        "Its spend stays in the ledger, and the revocation stands in the audit log.",
      ]}
      action={`${path}/revoke`}
      fields={{}}
      verb="Revoke key"
      isDangerous
      cancel={path}
      fault={fault}
    />
  );
}

interface SecretShown {
  readonly title: string;
  readonly said: string;
  readonly key: Key;
  readonly secret: string;
  readonly gatewayUrl: string;
}

/** The one time that the secret is there. */
export function secretView({ title, said, key, secret, gatewayUrl }: SecretShown): JSX.Element {
  return (
    <>
      <PageHead title={title}>
        <a class="button" href={`/keys/${encodeURIComponent(key.id)}`}>
          To the key
        </a>
        <a class="button" href="/keys">
          All keys
        </a>
      </PageHead>
      <Notice tone="good" title={said} />
      <Panel title="The secret" hint="Copy it now: it is stored nowhere, and not shown again">
        <Copyable id="secret" text={secret} />
      </Panel>
      <Panel title="Set-up" hint="With the secret in it">
        <SetUps gatewayUrl={gatewayUrl} secret={secret} passthrough={key.passthrough} />
      </Panel>
    </>
  );
}
