/** What stands behind the spend of one user, or one team. */
import { Bars } from "../../components/charts/bars.tsx";
import {
  formatCount,
  formatShare,
  formatSumUsd,
  formatUsd,
  toNumber,
} from "../../components/format.ts";
import { Panel, Text } from "../../components/head.tsx";
import { Outcome } from "../../components/outcome.tsx";
import { Empty } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Range } from "../../range.ts";
import { canRead, type Visit } from "../../visit.ts";
import { NONE } from "../spend/query.ts";
import type { Kind, LedgerRecord, SpendReport } from "./kind.ts";

export interface BehindFacts {
  readonly kind: Kind;
  readonly name: string;
  readonly range: Range;
  readonly models: SpendReport;
  /** Of a user: the teams; of a team: the users. */
  readonly others: SpendReport;
  readonly records: readonly LedgerRecord[];
}

export function behindView(visit: Visit, facts: BehindFacts): JSX.Element {
  const other = facts.kind === "user" ? "team" : "user";
  return (
    <>
      <div class="columns">
        <Shares title="Models" by="model" report={facts.models} facts={facts} />
        <Shares
          title={other === "team" ? "Teams" : "Users"}
          by={other}
          report={facts.others}
          facts={facts}
        />
      </div>
      <Panel title="Newest requests">
        <Requests visit={visit} records={facts.records} />
        {canRead(visit, "traces") ? <AllTraces facts={facts} /> : null}
      </Panel>
    </>
  );
}

interface SharesProps {
  readonly title: string;
  readonly by: "model" | "team" | "user";
  readonly report: SpendReport;
  readonly facts: BehindFacts;
}

const MAX_SHARES = 8;

function Shares({ title, by, report, facts }: SharesProps) {
  const { kind, name, range } = facts;
  const rows = report.groups.slice(0, MAX_SHARES).map((group) => {
    const value = group[by] ?? null;
    const query = new URLSearchParams({
      range: range.name ?? "",
      [kind]: name,
      [by]: value ?? NONE,
    });
    return {
      label: value ?? `No ${by}`,
      href: `/spend?${query}`,
      value: toNumber(group.cost_usd),
      shown: formatSumUsd(group),
      exact: group.cost_usd,
      note: formatShare(toNumber(group.cost_usd) / toNumber(report.totals.cost_usd)),
    };
  });
  return (
    <Panel title={title}>
      {rows.length === 0 ? (
        <p class="muted">Nothing in this range.</p>
      ) : (
        <Bars title={`${title} of ${name}`} labelHead={title} valueHead="Cost" rows={rows} />
      )}
    </Panel>
  );
}

function AllTraces({ facts: { kind, name, range } }: { readonly facts: BehindFacts }) {
  const query = new URLSearchParams({ [kind]: name, range: range.name ?? "" });
  return (
    <p class="more">
      <a href={`/traces?${query}`}>All of them, as traces</a>
    </p>
  );
}

/** Leads to the trace, for those who may see it. */
function When({ visit, record }: { readonly visit: Visit; readonly record: LedgerRecord }) {
  const time = <Time at={record.time} zone={visit.preferences.zone} />;
  if (!canRead(visit, "traces")) return time;
  return <a href={`/traces/${encodeURIComponent(record.trace_id)}`}>{time}</a>;
}

function Requests({
  visit,
  records,
}: {
  readonly visit: Visit;
  readonly records: readonly LedgerRecord[];
}) {
  return (
    <Table
      caption="Newest requests"
      rows={records}
      columns={[
        { head: "When", cell: (record) => <When visit={visit} record={record} /> },
        {
          head: "Model",
          cell: (record) => <Text text={record.model_served ?? record.model_requested ?? "–"} />,
        },
        { head: "Outcome", cell: ({ outcome }) => <Outcome outcome={outcome} /> },
        {
          head: "Tokens",
          align: "right",
          minor: true,
          cell: (record) => <Text text={formatCount(record.input_tokens + record.output_tokens)} />,
        },
        {
          head: "Cost",
          align: "right",
          cell: ({ cost_usd }) => <Text text={formatUsd(cost_usd)} />,
        },
      ]}
      empty={<Empty title="No requests in this range" hint="Look at a longer one." />}
    />
  );
}
