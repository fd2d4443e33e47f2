/** One cap: who used how much of it, and the form that changes it; and a new one. */
import { amountText, CapBar } from "../../components/cap-bar.tsx";
import { Confirm } from "../../components/confirm.tsx";
import { FormPage } from "../../components/form-page.tsx";
import { ActionForm, Hidden, SelectField, Submit, TextField } from "../../components/form.tsx";
import { PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { canChange, type Visit } from "../../visit.ts";
import { SCOPE_LABELS, ScopeFields, scopeHref, scopeText, scopeTitle } from "./scope.tsx";
import { useOf, type Cap, type TypedCap } from "./terms.ts";

export interface CapForm {
  readonly typed: TypedCap;
  /** What the gateway refused. */
  readonly fault: string | null;
}

export function capView(visit: Visit, cap: Cap, { typed, fault }: CapForm): JSX.Element {
  const path = `/caps/${encodeURIComponent(cap.id)}`;
  const mayChange = canChange(visit, "quotas");
  const href = scopeHref(cap);
  return (
    <>
      <PageHead
        title={`Cap for ${scopeText(cap)}`}
        lead={`${amountText(cap.unit, cap.amount)} each ${cap.window}, in ${cap.time_zone}. ${
          cap.mode === "soft"
            ? "Soft: passing it is said, not refused."
            : "Hard: what would pass it is refused with 429."
        }`}
      >
        {href === null ? null : (
          <a class="button" href={href} safe>
            {`To the ${cap.scope}`}
          </a>
        )}
        {mayChange ? (
          <a class="button" href={`${path}/remove`}>
            Remove…
          </a>
        ) : null}
      </PageHead>
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      <Panel title="Used in the present window" hint="The hundred that used most">
        <Uses visit={visit} of={cap} />
      </Panel>
      {mayChange ? (
        <Panel title="Change" hint="In force at once. For anything else, make another cap">
          <ActionForm action={path}>
            <Hidden name="version" value={String(cap.version)} />
            <Changeable typed={typed} unit={cap.unit} />
            <Submit label="Save" />
          </ActionForm>
        </Panel>
      ) : null}
    </>
  );
}

function Uses({ visit, of: cap }: { readonly visit: Visit; readonly of: Cap }) {
  const { zone } = visit.preferences;
  return (
    <Table
      caption="Used in the present window, the most first"
      rows={cap.usage}
      columns={[
        { head: "Who", cell: ({ subject }) => <Subject scope={cap.scope} name={subject} /> },
        { head: "Used", cell: (usage) => <CapBar cap={useOf(cap, usage)} /> },
        {
          head: "Under way",
          align: "right",
          minor: true,
          cell: ({ reserved }) => <Text text={amountText(cap.unit, reserved)} />,
        },
        {
          head: "Begins anew",
          align: "right",
          cell: ({ window_end }) => <Time at={window_end} zone={zone} />,
        },
      ]}
      empty={
        <Empty
          title="Nothing is used of it yet"
          hint="Whoever spends in the present window is listed here."
        />
      }
    />
  );
}

function Subject({ scope, name }: { readonly scope: string; readonly name: string | null }) {
  const href = scopeHref({ scope, scope_id: name });
  const text = name ?? "the organisation";
  if (href === null) return <Text text={text} />;
  return (
    <a href={href} safe>
      {text}
    </a>
  );
}

/** Of the fields, by the API's names. */
export const CAP_LABELS = {
  ...SCOPE_LABELS,
  unit: "Counts",
  amount: "Amount",
  window: "In each",
  mode: "When it is used up",
  warn_percent: "Warn at percent",
  time_zone: "Time zone",
} as const;

const AMOUNT_HINTS: Readonly<Record<string, string>> = {
  usd: "Such as 25 or 0.50",
  tokens: "A whole number",
};

function Changeable({ typed, unit }: { readonly typed: TypedCap; readonly unit: string | null }) {
  return (
    <>
      <TextField
        name="amount"
        label={
          unit === null
            ? CAP_LABELS.amount
            : unit === "usd"
              ? "Amount in dollars"
              : "Amount in tokens"
        }
        value={typed.amount}
        hint={AMOUNT_HINTS[unit ?? ""] ?? "Such as 25 or 0.50; tokens are whole numbers"}
        isRequired
      />
      <SelectField
        name="mode"
        label={CAP_LABELS.mode}
        value={typed.mode}
        choices={[
          { value: "hard", label: "Refuse, until it begins anew" },
          { value: "soft", label: "Say so in a header and the audit log, and go on" },
        ]}
      />
      <TextField
        name="warn_percent"
        label={CAP_LABELS.warn_percent}
        value={typed.warn_percent}
        hint="In the audit log and to the webhook. Empty: no warning."
      />
    </>
  );
}

export function newCapView(visit: Visit, { typed, fault }: CapForm): JSX.Element {
  const zones = [...new Set(["UTC", visit.preferences.zone])];
  return (
    <FormPage
      title="New cap"
      lead="What was spent in its present window counts already. In force at once."
      fault={fault}
      action="/caps/new"
      verb="Make cap"
      cancel="/caps"
    >
      <ScopeFields scope={typed.scope} scopeId={typed.scope_id} />
      <div class="field-row">
        <SelectField
          name="unit"
          label={CAP_LABELS.unit}
          value={typed.unit}
          choices={[
            { value: "usd", label: "Dollars" },
            { value: "tokens", label: "Tokens" },
          ]}
        />
        <SelectField
          name="window"
          label={CAP_LABELS.window}
          value={typed.window}
          choices={["hour", "day", "week", "month"].map((name) => ({
            value: name,
            label: name,
          }))}
        />
      </div>
      <Changeable typed={typed} unit={null} />
      <TextField
        name="time_zone"
        label={CAP_LABELS.time_zone}
        value={typed.time_zone}
        choices={zones}
        hint="In which its days, weeks and months begin"
      />
    </FormPage>
  );
}

export function removeCapView(cap: Cap): JSX.Element {
  const path = `/caps/${encodeURIComponent(cap.id)}`;
  return (
    <Confirm
      title={`Remove the cap for ${scopeText(cap)}?`}
      consequences={[
        `${scopeTitle(cap)} is no longer held to ${amountText(cap.unit, cap.amount)} each ${cap.window}. Other caps go on counting.`,
        "A cap like it can be made again: what was spent in its window will count then.",
        "The removal stands in the audit log.",
      ]}
      action={`${path}/remove`}
      fields={{}}
      verb="Remove cap"
      isDangerous
      cancel={path}
    />
  );
}
