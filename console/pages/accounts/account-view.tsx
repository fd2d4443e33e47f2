/** One account: its role, its password, its sign-ins; and a new one. Passwords go one way: they are typed, and never given back. */
import { Confirm } from "../../components/confirm.tsx";
import { FormPage } from "../../components/form-page.tsx";
import { ActionForm, Hidden, SelectField, Submit, TextField } from "../../components/form.tsx";
import { Badge, PageHead, Panel } from "../../components/head.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import type { Visit } from "../../visit.ts";
import { ROLES, type Account } from "./list-view.tsx";

const PASSWORD_HINT = "12 characters at least";

interface NewAccount {
  readonly name: string;
  readonly role: string;
  readonly fault: string | null;
}

export function newAccountView({ name, role, fault }: NewAccount): JSX.Element {
  return (
    <FormPage
      title="New account"
      lead="For one person. The audit log calls them by this name, for good."
      fault={fault}
      action="/accounts/new"
      verb="Make account"
      cancel="/accounts"
    >
      <TextField
        name="name"
        label="Name"
        value={name}
        hint="Such as an address of theirs"
        isRequired
      />
      <SelectField name="role" label="Role" value={role} choices={ROLES} />
      <TextField
        name="password"
        label="First password"
        type="password"
        autocomplete="new-password"
        hint={PASSWORD_HINT}
        isRequired
      />
    </FormPage>
  );
}

export function accountView(visit: Visit, account: Account, fault: string | null): JSX.Element {
  const { name, role, disabled_at: disabledAt } = account;
  const path = `/accounts/${encodeURIComponent(name)}`;
  return (
    <div class="narrow">
      <PageHead title={name} lead="Account of an administrator">
        {disabledAt === null ? (
          <a class="button" href={`${path}/disable`}>
            Disable…
          </a>
        ) : null}
      </PageHead>
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      {disabledAt === null ? null : <Disabled visit={visit} at={disabledAt} path={path} />}
      <Panel title="Role" hint="Counts at once, for those who are signed in, too">
        <ActionForm action={path}>
          <Hidden name="what" value="role" />
          <SelectField name="role" label="Role" value={role} choices={ROLES} />
          <Submit label="Save role" kind="plain" />
        </ActionForm>
      </Panel>
      <Panel title="Password" hint="A new one ends all sign-ins of the account">
        <ActionForm action={path}>
          <Hidden name="what" value="password" />
          <TextField
            name="password"
            label="New password"
            type="password"
            autocomplete="new-password"
            hint={PASSWORD_HINT}
            isRequired
          />
          <Submit label="Set password" kind="plain" />
        </ActionForm>
      </Panel>
      <Panel title="Sign-ins">
        <p class="muted">Ends every sign-in of the account, in every browser.</p>
        <ActionForm action={path}>
          <Hidden name="what" value="sign-out" />
          <Submit label="Sign out everywhere" kind="plain" />
        </ActionForm>
      </Panel>
    </div>
  );
}

interface DisabledProps {
  readonly visit: Visit;
  readonly at: string;
  readonly path: string;
}

function Disabled({ visit, at, path }: DisabledProps) {
  return (
    <Panel title="Disabled">
      <p class="muted">
        <Badge text="disabled" /> since <Time at={at} zone={visit.preferences.zone} shape="full" />.
        It can't sign in.
      </p>
      <ActionForm action={path}>
        <Hidden name="what" value="enable" />
        <Submit label="Enable" kind="plain" />
      </ActionForm>
    </Panel>
  );
}

export function disableView(account: Account, isOwn: boolean): JSX.Element {
  const path = `/accounts/${encodeURIComponent(account.name)}`;
  return (
    <Confirm
      title={`Disable ${account.name}?`}
      consequences={[
        ...(isOwn
          ? ["This is you: you are signed out at once, and can't come back by this name."]
          : []),
        "Every sign-in of the account ends, and it can't sign in.",
        "It can be enabled again. What it did stays in the audit log, under its name.",
        "API keys are not touched: they belong to no account.",
      ]}
      action={path}
      fields={{ what: "disable" }}
      verb="Disable account"
      isDangerous
      cancel={path}
    />
  );
}
