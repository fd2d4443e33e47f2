/** Who may administrate: people by name and password, programs by a key. */
import type { AdminApi } from "../../api.ts";
import { plural } from "../../components/format.ts";
import { Badge, PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";

type AccountsAnswer = NonNullable<Awaited<ReturnType<AdminApi["accounts"]["get"]>>["data"]>;
export type Account = AccountsAnswer["accounts"][number];
type ApiKeysAnswer = NonNullable<Awaited<ReturnType<AdminApi["api-keys"]["get"]>>["data"]>;
export type ApiKey = ApiKeysAnswer["api_keys"][number];

/** What each role opens, in words; the gateway has the table. */
export const ROLES = [
  { value: "viewer", label: "Viewer: sees spend" },
  { value: "auditor", label: "Auditor: sees audit, traces, privacy and health" },
  { value: "admin", label: "Admin: sees all, changes all but accounts" },
  { value: "owner", label: "Owner: sees and changes all" },
] as const;

/** Programs are few; keys that ended long ago are in the audit log. */
const MAX_KEYS = 100;

export function accountsView(
  visit: Visit,
  cut: Cut<Account>,
  apiKeys: readonly ApiKey[],
): JSX.Element {
  const mayChange = canChange(visit, "accounts");
  return (
    <>
      <PageHead title="Accounts" lead="Who may administrate: people by name, programs by a key.">
        {mayChange ? (
          <>
            <a class="button" href="/api-keys/new">
              New API key
            </a>
            <a class="button main" href="/accounts/new">
              New account
            </a>
          </>
        ) : null}
      </PageHead>
      <Panel title={plural(cut.total, "account")} hint="The admin token works beside them">
        <People visit={visit} accounts={cut.rows} mayChange={mayChange} />
        <Pager first={cut.first} next={cut.next} />
      </Panel>
      <Panel
        title={plural(apiKeys.length, "API key")}
        hint={
          apiKeys.length > MAX_KEYS
            ? `The newest ${MAX_KEYS} of them`
            : "For programs that use the admin API"
        }
      >
        <ApiKeys visit={visit} keys={apiKeys} mayChange={mayChange} />
      </Panel>
    </>
  );
}

interface PeopleProps {
  readonly visit: Visit;
  readonly accounts: readonly Account[];
  readonly mayChange: boolean;
}

function People({ visit, accounts, mayChange }: PeopleProps) {
  return (
    <Table
      caption="Accounts, by name"
      rows={accounts}
      columns={[
        {
          head: "Name",
          cell: ({ name }) =>
            mayChange ? (
              <a href={`/accounts/${encodeURIComponent(name)}`} safe>
                {name}
              </a>
            ) : (
              <Text text={name} />
            ),
        },
        { head: "Role", cell: ({ role }) => <Badge text={role} tone="info" /> },
        {
          head: "State",
          cell: ({ disabled_at }) =>
            disabled_at === null ? <Badge text="active" tone="good" /> : <Badge text="disabled" />,
        },
        {
          head: "Made",
          align: "right",
          minor: true,
          cell: ({ created_at }) => (
            <Time at={created_at} zone={visit.preferences.zone} shape="date" />
          ),
        },
      ]}
      empty={
        <Empty
          title="No accounts yet"
          hint="Everyone signs in with the admin token so far. With accounts, the audit log tells them apart."
        />
      }
    />
  );
}

interface ApiKeysProps {
  readonly visit: Visit;
  readonly keys: readonly ApiKey[];
  readonly mayChange: boolean;
}

function ApiKeys({ visit, keys, mayChange }: ApiKeysProps) {
  const { zone } = visit.preferences;
  return (
    <Table
      caption="Keys of the admin API, the newest first"
      rows={keys.toReversed().slice(0, MAX_KEYS)}
      columns={[
        { head: "Name", cell: ({ name, id }) => <Text text={name ?? id} /> },
        { head: "Role", cell: ({ role }) => <Badge text={role} tone="info" /> },
        { head: "State", cell: (key) => <ApiKeyState of={key} nowMs={visit.nowMs} /> },
        {
          head: "Made",
          align: "right",
          minor: true,
          cell: ({ created_at }) => <Time at={created_at} zone={zone} shape="date" />,
        },
        {
          head: "Expires",
          align: "right",
          minor: true,
          cell: ({ expires_at }) => <Time at={expires_at} zone={zone} shape="date" />,
        },
        {
          head: "",
          align: "right",
          cell: (key) =>
            mayChange && key.ended_at === null ? (
              <a
                class="button small"
                href={`/api-keys/${encodeURIComponent(key.id)}/end`}
                aria-label={`End the API key ${key.name ?? key.id}`}
              >
                End…
              </a>
            ) : (
              <span class="none">–</span>
            ),
        },
      ]}
      empty={
        <Empty
          title="No API keys yet"
          hint="A program that reads spend, or makes keys, gets one with a role of its own."
        />
      }
    />
  );
}

function ApiKeyState({ of, nowMs }: { readonly of: ApiKey; readonly nowMs: number }) {
  if (of.ended_at !== null) return <Badge text="ended" />;
  const isExpired = of.expires_at !== null && Date.parse(of.expires_at) <= nowMs;
  return isExpired ? <Badge text="expired" tone="warning" /> : <Badge text="active" tone="good" />;
}
