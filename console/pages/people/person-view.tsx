/** One user, or one team: spend, caps, the newest requests, and what is sealed for them. */
import { stepLabel } from "../../components/charts/labels.ts";
import { Trend } from "../../components/charts/trend.tsx";
import { CapBar } from "../../components/cap-bar.tsx";
import {
  formatCompact,
  formatCount,
  formatSumUsd,
  formatUsd,
  formatUsdCompact,
  toNumber,
} from "../../components/format.ts";
import { PageHead, Panel, Text } from "../../components/head.tsx";
import { Later } from "../../components/later.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { stepsOf, type Range } from "../../range.ts";
import { canChange, linkWith, type Visit } from "../../visit.ts";
import { behindView, type BehindFacts } from "./behind-view.tsx";
import type { Kind, Person, SpendReport, Subject } from "./kind.ts";

export interface PersonFacts {
  readonly kind: Kind;
  readonly name: string;
  readonly range: Range;
  readonly course: SpendReport;
  /** Null: neither in the range nor with a key. */
  readonly person: Person | null;
  /** Null: not for this reader's role. */
  readonly subjects: readonly Subject[] | null;
  /** Null: it comes later. */
  readonly behind: BehindFacts | null;
}

export function personView(visit: Visit, facts: PersonFacts): JSX.Element {
  const { kind, name, range, course, person } = facts;
  const { totals } = course;
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
      {facts.behind === null ? (
        <Later
          visit={visit}
          from={`/${kind}s/${encodeURIComponent(name)}/behind${visit.url.search}`}
          what="models and newest requests"
        />
      ) : (
        behindView(visit, facts.behind)
      )}
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
