/** Invites: links that are redeemed once for a key. */
import type { AdminApi } from "../../api.ts";
import { Confirm } from "../../components/confirm.tsx";
import { plural } from "../../components/format.ts";
import { FormPage } from "../../components/form-page.tsx";
import { FilterForm, SelectField, TextField } from "../../components/form.tsx";
import { Badge, Copyable, PageHead, Panel, Text, type BadgeTone } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";
import type { TypedTerms } from "../keys/terms.ts";
import { TERMS_LABELS, TermsFields } from "../keys/terms-fields.tsx";

type InvitesAnswer = NonNullable<Awaited<ReturnType<AdminApi["invites"]["get"]>>["data"]>;
export type Invite = InvitesAnswer["invites"][number];

const STATES = ["open", "redeemed", "expired", "revoked"] as const;
const TONES: Readonly<Record<string, BadgeTone>> = { open: "info", redeemed: "good" };

export function invitesView(visit: Visit, cut: Cut<Invite>, state: string): JSX.Element {
  const { zone } = visit.preferences;
  const mayChange = canChange(visit, "keys");
  return (
    <>
      <PageHead
        title="Invites"
        lead="Links with which people make their own keys, so that nobody sends a secret around."
      >
        {mayChange ? (
          <a class="button main" href="/invites/new">
            New invite
          </a>
        ) : null}
      </PageHead>
      <FilterForm action="/invites">
        <SelectField
          name="state"
          label="State"
          value={state}
          choices={[
            { value: "", label: "Any" },
            ...STATES.map((name) => ({ value: name, label: name })),
          ]}
          submits
        />
      </FilterForm>
      <Panel title={plural(cut.total, "invite")} hint="The newest first">
        <Table
          caption="Invites, the newest first"
          rows={cut.rows}
          columns={[
            { head: "For", cell: (invite) => <For of={invite} /> },
            {
              head: "State",
              cell: (invite) => <Badge text={invite.state} tone={TONES[invite.state] ?? "plain"} />,
            },
            { head: "Key", minor: true, cell: ({ key_id }) => <MadeKey id={key_id} /> },
            {
              head: "Made",
              align: "right",
              minor: true,
              cell: ({ created_at }) => <Time at={created_at} zone={zone} />,
            },
            {
              head: "Can be redeemed until",
              align: "right",
              minor: true,
              cell: ({ expires_at }) => <Time at={expires_at} zone={zone} />,
            },
            {
              head: "",
              align: "right",
              cell: (invite) =>
                mayChange && invite.state === "open" ? (
                  <a
                    class="button small"
                    href={`/invites/${encodeURIComponent(invite.id)}/revoke`}
                    aria-label={`Revoke the invite for ${inviteName(invite)}`}
                  >
                    Revoke…
                  </a>
                ) : (
                  <span class="none">–</span>
                ),
            },
          ]}
          empty={
            <Empty
              title={state === "" ? "No invites yet" : "No invite is in this state"}
              hint="Whoever opens an invite's link makes the key themselves, and alone sees its secret."
            />
          }
        />
        <Pager first={cut.first} next={cut.next} />
      </Panel>
    </>
  );
}

export function inviteName({ user, name, team }: Pick<Invite, "user" | "name" | "team">): string {
  return user ?? name ?? team ?? "anyone";
}

function For({ of: { user, team, name } }: { readonly of: Invite }) {
  const text = [user, team].filter((each) => each !== null).join(" · ");
  return (
    <span>
      {text === "" ? <span class="none">whoever has the link</span> : <Text text={text} />}
      {name === null ? null : (
        <span class="cell-note" safe>
          {name}
        </span>
      )}
    </span>
  );
}

function MadeKey({ id }: { readonly id: string | null }) {
  if (id === null) return <span class="none">none yet</span>;
  return (
    <a href={`/keys/${encodeURIComponent(id)}`}>
      <code safe>{id}</code>
    </a>
  );
}

export interface InviteForm {
  readonly typed: TypedTerms;
  readonly providers: readonly string[];
  readonly fault: string | null;
}

export const INVITE_LABELS = {
  ...TERMS_LABELS,
  expires_at: "Link expires",
  key_expires_at: "Key expires",
} as const;

export function inviteFormView({ typed, providers, fault }: InviteForm): JSX.Element {
  return (
    <FormPage
      title="New invite"
      lead="What the key will be bound to and may do. Its link is shown once."
      fault={fault}
      action="/invites/new"
      verb="Make invite"
      cancel="/invites"
    >
      <TermsFields typed={typed} providers={providers} />
      <div class="field-row">
        <TextField
          name="expires_at"
          label={INVITE_LABELS.expires_at}
          type="date"
          value={typed.expires_at}
          hint="Empty: in 7 days"
        />
        <TextField
          name="key_expires_at"
          label={INVITE_LABELS.key_expires_at}
          type="date"
          value={typed.key_expires_at}
          hint="Empty: never"
        />
      </div>
    </FormPage>
  );
}

/** The one time that the link is there. */
export function linkView(visit: Visit, invite: Invite, link: string): JSX.Element {
  return (
    <div class="narrow">
      <PageHead title="Invite made" />
      <Notice tone="good" title={`The invite for ${inviteName(invite)} is made.`} />
      <Panel title="The link" hint="Copy it now: it is not shown again">
        <Copyable id="link" text={link} />
        <ul class="consequences after-copy">
          <li>
            Send it to one person, by a way that you trust: whoever opens it can make the key.
          </li>
          <li>Looking at it changes nothing; the key is made when they press the button.</li>
          <li>
            It works once, until{" "}
            <Time at={invite.expires_at} zone={visit.preferences.zone} shape="full" />.
          </li>
        </ul>
        <div class="actions">
          <a class="button" href="/invites">
            All invites
          </a>
        </div>
      </Panel>
    </div>
  );
}

export function revokeInviteView(invite: Invite, fault: string | null): JSX.Element {
  return (
    <Confirm
      title={`Revoke the invite for ${inviteName(invite)}?`}
      consequences={[
        "Its link leads nowhere from now on.",
        "A key that was made with it is not touched.",
        "The revocation stands in the audit log.",
      ]}
      action={`/invites/${encodeURIComponent(invite.id)}/revoke`}
      fields={{}}
      verb="Revoke invite"
      isDangerous
      cancel="/invites"
      fault={fault}
    />
  );
}
