/** Who and what stands behind the overview's figures: the costliest of each. */
import { Bars } from "../../components/charts/bars.tsx";
import { formatShare, formatSumUsd, toNumber } from "../../components/format.ts";
import { Panel } from "../../components/head.tsx";
import type { Range } from "../../range.ts";
import { NONE } from "../spend/query.ts";

interface Group {
  readonly user?: string | null;
  readonly team?: string | null;
  readonly model?: string | null;
  readonly requests: number;
  readonly unpriced_requests: number;
  readonly cost_usd: string;
}

export interface TopFacts {
  readonly range: Range;
  /** Of all, in dollars. */
  readonly total: string;
  readonly users: readonly Group[];
  readonly teams: readonly Group[];
  readonly models: readonly Group[];
}

export function topView({ range, total, users, teams, models }: TopFacts): JSX.Element {
  return (
    <div class="columns">
      <Top title="Users" of="user" groups={users} total={total} range={range} />
      <Top title="Teams" of="team" groups={teams} total={total} range={range} />
      <Top title="Models" of="model" groups={models} total={total} range={range} />
    </div>
  );
}

interface TopProps {
  readonly title: string;
  readonly of: "user" | "team" | "model";
  readonly groups: readonly Group[];
  readonly total: string;
  readonly range: Range;
}

function Top({ title, of, groups, total, range }: TopProps) {
  const rows = groups.map((group) => {
    const name = group[of] ?? null;
    const query = new URLSearchParams({ range: range.name ?? "", [of]: name ?? NONE });
    return {
      label: name ?? `No ${of}`,
      href: `/spend?${query}`,
      value: toNumber(group.cost_usd),
      shown: formatSumUsd(group),
      exact: group.cost_usd,
      note: formatShare(toNumber(group.cost_usd) / toNumber(total)),
    };
  });
  return (
    <Panel title={title}>
      <Bars
        title={`${title}, the costliest first`}
        labelHead={title}
        valueHead="Cost"
        rows={rows}
      />
      <p class="more">
        <a href={`/spend?range=${range.name ?? ""}&group_by=${of}`} safe>
          {`All ${title.toLowerCase()}`}
        </a>
      </p>
    </Panel>
  );
}
