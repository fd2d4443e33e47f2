/** One user, or one team: spend, caps, the newest requests, and what is sealed for them. */
import { Bars } from "../../components/charts/bars.tsx";
import { stepLabel } from "../../components/charts/labels.ts";
import { Trend } from "../../components/charts/trend.tsx";
import { CapBar } from "../../components/cap-bar.tsx";
import {
  formatCompact,
  formatCount,
  formatShare,
  formatSumUsd,
  formatUsd,
  formatUsdCompact,
  toNumber,
} from "../../components/format.ts";
import { Badge, PageHead, Panel, Text, type BadgeTone } from "../../components/head.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { stepsOf, type Range } from "../../range.ts";
import { canChange, linkWith, type Visit } from "../../visit.ts";
import { NONE } from "../spend/query.ts";
import type { Kind, LedgerRecord, Person, SpendReport, Subject } from "./kind.ts";

export interface PersonFacts {
  readonly kind: Kind;
  readonly name: string;
  readonly range: Range;
  readonly course: SpendReport;
  readonly models: SpendReport;
  /** Of a user: the teams; of a team: the users. */
  readonly others: SpendReport;
  readonly records: readonly LedgerRecord[];
  /** Null: neither in the range nor with a key. */
  readonly person: Person | null;
  /** Null: not for this reader's role. */
  readonly subjects: readonly Subject[] | null;
}

export function personView(visit: Visit, facts: PersonFacts): JSX.Element {
  const { kind, name, range, course, models, others, person } = facts;
  const { totals } = course;
  const other = kind === "user" ? "team" : "user";
  return (
    <>
      <PageHead title={name} lead={kind === "user" ? "User" : "Team"}>
        <RangePicker range={range} hrefFor={(to) => linkWith(visit, { range: to })} />
      </PageHead>
      <div class="stats">
        <Stat label="Spend" value={formatSumUsd(totals)} exact={`${totals.cost_usd} US dollars`} />
        <Stat
          label="Requests"
          value={formatCompact(totals.requests)}
          exact={formatCount(totals.requests)}
        />
        <Stat
          label="Tokens in"
          value={formatCompact(totals.input_tokens)}
          exact={formatCount(totals.input_tokens)}
        />
        <Stat
          label="Tokens out"
          value={formatCompact(totals.output_tokens)}
          exact={formatCount(totals.output_tokens)}
        />
        <Stat label="Live keys" value={formatCount(person?.keys ?? 0)} />
      </div>
      <Panel title="Caps" hint="In their present window">
        {person === null || person.caps.length === 0 ? (
          <p class="muted" safe>
            {`No cap stands for this ${kind} alone.`}
          </p>
        ) : (
          <div class="caps">
            {person.caps.map((cap) => (
              <CapBar cap={cap} />
            ))}
          </div>
        )}
      </Panel>
      <Panel
        title="Spend over time"
        hint={range.step === "day" ? "A day is a day in UTC" : "By the hour"}
      >
        <Course visit={visit} facts={facts} />
      </Panel>
      <div class="columns">
        <Shares title="Models" by="model" report={models} facts={facts} />
        <Shares
          title={other === "team" ? "Teams" : "Users"}
          by={other}
          report={others}
          facts={facts}
        />
      </div>
      <Panel title="Newest requests">
        <Requests visit={visit} records={facts.records} />
      </Panel>
      {facts.subjects === null ? null : (
        <Sealed visit={visit} facts={{ kind, name, subjects: facts.subjects }} />
      )}
    </>
  );
}

function Course({ visit, facts }: { readonly visit: Visit; readonly facts: PersonFacts }) {
  const { range, course, name } = facts;
  const costs = new Map(
    course.groups.map((group) => [group.hour ?? group.day ?? "", toNumber(group.cost_usd)]),
  );
  const points = stepsOf(range, range.step).map((step) => ({
    label: stepLabel(step, visit.preferences.zone),
    value: costs.get(step) ?? 0,
  }));
  return (
    <Trend
      title={`Spend of ${name}, ${range.label}`}
      unit="Cost"
      points={points}
      format={(value) => formatUsd(value.toFixed(12))}
      formatAxis={formatUsdCompact}
    />
  );
}

interface SharesProps {
  readonly title: string;
  readonly by: "model" | "team" | "user";
  readonly report: SpendReport;
  readonly facts: PersonFacts;
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

const OUTCOME_TONES: Readonly<Record<string, BadgeTone>> = {
  ok: "good",
  aborted: "plain",
  refused: "warning",
};

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
        { head: "When", cell: ({ time }) => <Time at={time} zone={visit.preferences.zone} /> },
        {
          head: "Model",
          cell: (record) => <Text text={record.model_served ?? record.model_requested ?? "–"} />,
        },
        {
          head: "Outcome",
          cell: ({ outcome }) => (
            <Badge text={outcome.replaceAll("_", " ")} tone={OUTCOME_TONES[outcome] ?? "bad"} />
          ),
        },
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

type SealedFacts = Pick<PersonFacts, "kind" | "name"> & { readonly subjects: readonly Subject[] };

function Sealed({ visit, facts }: { readonly visit: Visit; readonly facts: SealedFacts }) {
  const { kind, name, subjects } = facts;
  const path = `/${kind}s/${encodeURIComponent(name)}/erase`;
  return (
    <Panel title="Sealed content" hint="Nobody reads it here; its key can be destroyed">
      <Table
        caption="Content keys"
        rows={subjects}
        columns={[
          { head: "Content key of", cell: ({ id }) => <Text text={`${id.slice(0, 12)}…`} mono /> },
          {
            head: "How the name came",
            cell: ({ claimed_through }) => (
              <Text
                text={
                  claimed_through === null
                    ? "bound by a key"
                    : `said by an app, with ${claimed_through}`
                }
              />
            ),
          },
          {
            head: "Since",
            cell: ({ created_at }) => <Time at={created_at} zone={visit.preferences.zone} />,
          },
          {
            head: "",
            align: "right",
            cell: ({ id }) =>
              canChange(visit, "privacy") ? (
                <a class="button small" href={`${path}?subject=${encodeURIComponent(id)}`}>
                  Erase…
                </a>
              ) : (
                <span class="none">–</span>
              ),
          },
        ]}
        empty={
          <Empty
            title="Nothing is sealed under this name"
            hint="Content is stored only while the mode is encrypted; what was erased before is not listed."
          />
        }
      />
    </Panel>
  );
}
