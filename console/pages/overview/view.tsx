/** The overview: five figures, their courses, and who and what stands behind them. */
import type { AdminApi } from "../../api.ts";
import { stepLabel } from "../../components/charts/labels.ts";
import { Trend } from "../../components/charts/trend.tsx";
import {
  formatChange,
  formatCompact,
  formatCount,
  formatDuration,
  formatShare,
  formatUsd,
  formatUsdCompact,
  plural,
  toNumber,
} from "../../components/format.ts";
import { Copyable, PageHead, Panel } from "../../components/head.tsx";
import { Later } from "../../components/later.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import type { Range } from "../../range.ts";
import { linkWith, type Visit } from "../../visit.ts";
import type { Figures } from "./figures.ts";
import { topView, type TopFacts } from "./top-view.tsx";

type Latency = NonNullable<Awaited<ReturnType<AdminApi["latency"]["get"]>>["data"]>;

export interface OverviewFacts {
  readonly range: Range;
  readonly now: Figures;
  readonly before: Figures;
  /** Null: it comes later. */
  readonly top: TopFacts | null;
  readonly latency: Latency;
}

export function overviewView(visit: Visit, facts: OverviewFacts): JSX.Element {
  const { range, now } = facts;
  return (
    <>
      <PageHead title="Overview" lead="What was spent, by whom, and whether it worked.">
        <RangePicker range={range} hrefFor={(name) => linkWith(visit, { range: name })} />
      </PageHead>
      {now.requests === 0 ? <NothingYet range={range} /> : <Sums visit={visit} facts={facts} />}
    </>
  );
}

function NothingYet({ range }: { readonly range: Range }) {
  return (
    <div class="panel">
      <Empty
        title={`No requests in the last ${range.label}`}
        hint="Point an app, an SDK or a coding agent at the gateway, and its spend shows up here within a second."
      >
        <Copyable
          id="first-call"
          text={[
            "export OPENAI_BASE_URL=http://127.0.0.1:8787/v1",
            "export OPENAI_API_KEY=ark_…",
          ].join("\n")}
        />
      </Empty>
    </div>
  );
}

function Sums({ visit, facts }: { readonly visit: Visit; readonly facts: OverviewFacts }) {
  const { range, now, before, latency } = facts;
  const { zone } = visit.preferences;
  const isComparable = before.requests > 0;
  const courseOf = (values: readonly number[]) =>
    now.steps.map((step, index) => ({ label: stepLabel(step, zone), value: values[index] ?? 0 }));
  const spendLink = `/spend?range=${range.name ?? ""}`;
  return (
    <>
      <div class="stats">
        <Stat
          label="Spend"
          value={formatUsd(now.costUsd)}
          exact={`${now.costUsd} US dollars`}
          change={formatChange(toNumber(now.costUsd), toNumber(before.costUsd))}
          {...(now.unpriced === 0 ? {} : { note: `${formatCompact(now.unpriced)} unpriced` })}
          course={now.course.cost}
          href={spendLink}
        />
        <Stat
          label="Requests"
          value={formatCompact(now.requests)}
          exact={formatCount(now.requests)}
          change={formatChange(now.requests, before.requests)}
          course={now.course.requests}
        />
        <Stat
          label="Tokens"
          value={formatCompact(now.tokens)}
          exact={formatCount(now.tokens)}
          change={formatChange(now.tokens, before.tokens)}
          course={now.course.tokens}
        />
        <Stat
          label="Errors"
          value={formatShare(now.errors / now.requests)}
          exact={`${plural(now.errors, "error")} in ${plural(now.requests, "request")}`}
          change={
            isComparable
              ? formatChange(now.errors / now.requests, before.errors / before.requests)
              : null
          }
          more="bad"
          {...(now.refused === 0 ? {} : { note: `${formatCompact(now.refused)} refused` })}
          course={now.course.errors}
        />
        <Stat
          label="Saved"
          value={formatUsd(now.savedUsd)}
          exact={`${now.savedUsd} US dollars that the optimizer saved`}
          change={formatChange(toNumber(now.savedUsd), toNumber(before.savedUsd))}
          more="good"
          course={now.course.saved}
        />
      </div>
      <Panel
        title="Spend over time"
        hint={
          range.step === "day"
            ? "A day is a day in UTC; dashed: the period before"
            : "By the hour; dashed: the period before"
        }
      >
        <Trend
          title={`Spend, last ${range.label}`}
          unit="Cost"
          points={courseOf(now.course.cost)}
          {...(isComparable ? { before: before.course.cost } : {})}
          format={(value) => formatUsd(value.toFixed(12))}
          formatAxis={formatUsdCompact}
        />
      </Panel>
      {facts.top === null ? (
        <Later
          visit={visit}
          from={`/overview/top?range=${range.name ?? ""}`}
          what="users, teams and models"
        />
      ) : (
        topView(facts.top)
      )}
      <div class="columns">
        <Panel title="Requests">
          <Trend
            title={`Requests, last ${range.label}`}
            unit="Requests"
            points={courseOf(now.course.requests)}
            {...(isComparable ? { before: before.course.requests } : {})}
            format={formatCount}
            formatAxis={formatCompact}
          />
        </Panel>
        <Panel title="Errors" hint="Answers that did not come, or not whole">
          <Trend
            title={`Errors, last ${range.label}`}
            unit="Errors"
            points={courseOf(now.course.errors)}
            format={formatCount}
            formatAxis={formatCompact}
          />
        </Panel>
      </div>
      <Panel
        title="Latency"
        hint={`Of the newest ${plural(latency.sample, "request")} in the range`}
      >
        <LatencyTable latency={latency} />
      </Panel>
    </>
  );
}

const LATENCY_ROWS: readonly (readonly [string, "latency_ms" | "ttfb_ms"])[] = [
  ["To the last byte", "latency_ms"],
  ["To the first byte", "ttfb_ms"],
];

function LatencyTable({ latency }: { readonly latency: Latency }) {
  return (
    <div class="table-wrap" tabindex="0" role="region" aria-label="Latency">
      <table>
        <caption class="hidden">Latency</caption>
        <thead>
          <tr>
            <th scope="col">How long</th>
            <th scope="col" class="figure">
              Half within
            </th>
            <th scope="col" class="figure">
              95% within
            </th>
            <th scope="col" class="figure">
              99% within
            </th>
          </tr>
        </thead>
        <tbody>
          {LATENCY_ROWS.map(([label, member]) => (
            <tr>
              <th scope="row" safe>
                {label}
              </th>
              <td class="figure" safe>
                {formatDuration(latency[member].p50)}
              </td>
              <td class="figure" safe>
                {formatDuration(latency[member].p95)}
              </td>
              <td class="figure" safe>
                {formatDuration(latency[member].p99)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
