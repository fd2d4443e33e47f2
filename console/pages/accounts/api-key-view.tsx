/** A key of the admin API is made, shown once, and ended. */
import { Confirm } from "../../components/confirm.tsx";
import { FormPage } from "../../components/form-page.tsx";
import { SelectField, TextField } from "../../components/form.tsx";
import { Copyable, PageHead, Panel } from "../../components/head.tsx";
import { Notice } from "../../components/states.tsx";
import { ROLES, type ApiKey } from "./list-view.tsx";

interface NewApiKey {
  readonly name: string;
  readonly role: string;
  readonly expiresAt: string;
  readonly fault: string | null;
}

export function newApiKeyView({ name, role, expiresAt, fault }: NewApiKey): JSX.Element {
  return (
    <FormPage
      title="New API key"
      lead="For one program. Its secret is shown once; the audit log calls it by its name."
      fault={fault}
      action="/api-keys/new"
      verb="Make API key"
      cancel="/accounts"
    >
      <TextField name="name" label="Name" value={name} isRequired />
      <SelectField name="role" label="Role" value={role} choices={ROLES} />
      <TextField
        name="expires_at"
        label="Expires"
        type="date"
        value={expiresAt}
        hint="When that day begins, in UTC. Empty: never."
      />
    </FormPage>
  );
}

export function apiKeySecretView(key: ApiKey, secret: string, gatewayUrl: string): JSX.Element {
  return (
    <div class="narrow">
      <PageHead title="API key made">
        <a class="button" href="/accounts">
          All accounts
        </a>
      </PageHead>
      <Notice tone="good" title={`The API key ${key.name ?? key.id} is made, and works.`} />
      <Panel title="The secret" hint="Copy it now: it is stored nowhere, and not shown again">
        <Copyable id="secret" text={secret} />
      </Panel>
      <Panel title="A first call">
        <Copyable
          id="first-call"
          text={[
            `export ANYRAY_API_KEY=${secret}`,
            `curl ${gatewayUrl}/admin/session -H "authorization: Bearer $ANYRAY_API_KEY"`,
          ].join("\n")}
        />
      </Panel>
    </div>
  );
}

export function endApiKeyView(key: ApiKey): JSX.Element {
  return (
    <Confirm
      title={`End the API key ${key.name ?? key.id}?`}
      consequences={[
        "The program that uses it is refused from now on.",
        "That is for good: another one can be made.",
        "It stands in the audit log.",
      ]}
      action={`/api-keys/${encodeURIComponent(key.id)}/end`}
      fields={{}}
      verb="End API key"
      isDangerous
      cancel="/accounts"
    />
  );
}
