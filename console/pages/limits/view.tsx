/** Rate limits: how fast, and how many at once. */
import type { AdminApi } from "../../api.ts";
import { Confirm } from "../../components/confirm.tsx";
import { formatCount, plural } from "../../components/format.ts";
import { FormPage } from "../../components/form-page.tsx";
import { Hidden, TextField } from "../../components/form.tsx";
import { PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";
import { SCOPE_LABELS, ScopeFields, scopeText, scopeTitle } from "../caps/scope.tsx";

type LimitsAnswer = NonNullable<Awaited<ReturnType<AdminApi["limits"]["get"]>>["data"]>;
export type Limit = LimitsAnswer["limits"][number];

export const BOUNDS = ["requests_per_minute", "tokens_per_minute", "concurrent"] as const;
type Bound = (typeof BOUNDS)[number];
/** Of the fields, by the API's names. */
export const LABELS = {
  ...SCOPE_LABELS,
  requests_per_minute: "Requests a minute",
  tokens_per_minute: "Tokens a minute",
  concurrent: "Requests at once",
} as const satisfies Readonly<Record<Bound | "scope" | "scope_id", string>>;

const HEADS: Readonly<Record<Bound, string>> = {
  requests_per_minute: "Requests/min",
  tokens_per_minute: "Tokens/min",
  concurrent: "At once",
};

/** As it stands in the fields; empty: no bound. */
export type TypedLimit = Readonly<Record<Bound | "scope" | "scope_id", string>>;

export function limitsView(visit: Visit, cut: Cut<Limit>): JSX.Element {
  return (
    <>
      <PageHead
        title="Rate limits"
        lead="How fast requests may come, and how many at once. What is above is refused with 429 and a time to wait."
      >
        {canChange(visit, "quotas") ? (
          <a class="button main" href="/limits/new">
            New limit
          </a>
        ) : null}
      </PageHead>
      <Panel title={plural(cut.total, "limit")} hint="The newest first">
        <Table
          caption="Rate limits, the newest first"
          rows={cut.rows}
          columns={[
            {
              head: "Holds for",
              cell: (limit) => (
                <a href={`/limits/${encodeURIComponent(limit.id)}`} safe>
                  {scopeTitle(limit)}
                </a>
              ),
            },
            ...BOUNDS.map((name) => ({
              head: HEADS[name],
              align: "right" as const,
              cell: (limit: Limit) => <BoundText value={limit[name]} />,
            })),
          ]}
          empty={
            <Empty
              title="No rate limits yet"
              hint="Without one nobody is slowed down. One for each key keeps a loop in one program from taking all."
            />
          }
        />
        <Pager first={cut.first} next={cut.next} />
      </Panel>
    </>
  );
}

function BoundText({ value }: { readonly value: number | null }) {
  if (value === null) return <span class="none">any</span>;
  return <Text text={value === 0 ? "none pass" : formatCount(value)} />;
}

export interface LimitForm {
  /** Null: a new one. */
  readonly limit: Limit | null;
  readonly typed: TypedLimit;
  readonly fault: string | null;
}

export function limitFormView(visit: Visit, { limit, typed, fault }: LimitForm): JSX.Element {
  const path = limit === null ? "/limits/new" : `/limits/${encodeURIComponent(limit.id)}`;
  return (
    <FormPage
      title={limit === null ? "New limit" : `Limit for ${scopeText(limit)}`}
      lead="In force at once. An empty field is no bound, 0 lets nothing pass; one of the three is needed."
      fault={fault}
      action={path}
      verb={limit === null ? "Make limit" : "Save"}
      cancel="/limits"
      beside={
        limit === null || !canChange(visit, "quotas") ? null : (
          <a class="button" href={`${path}/remove`}>
            Remove…
          </a>
        )
      }
    >
      {limit === null ? (
        <ScopeFields scope={typed.scope} scopeId={typed.scope_id} />
      ) : (
        <Hidden name="version" value={String(limit.version)} />
      )}
      {BOUNDS.map((name) => (
        <TextField name={name} label={LABELS[name]} value={typed[name]} />
      ))}
    </FormPage>
  );
}

export function removeLimitView(limit: Limit): JSX.Element {
  const path = `/limits/${encodeURIComponent(limit.id)}`;
  return (
    <Confirm
      title={`Remove the limit for ${scopeText(limit)}?`}
      consequences={[
        "It holds nobody back from now on. Other limits, and caps, stay.",
        "The removal stands in the audit log.",
      ]}
      action={`${path}/remove`}
      fields={{}}
      verb="Remove limit"
      isDangerous
      cancel={path}
    />
  );
}
