/** One session: its sums, and its requests. */
import { formatCount, formatDuration, formatUsd, plural } from "../../components/format.ts";
import { PageHead } from "../../components/head.tsx";
import { RequestTable, type RequestRow } from "../../components/requests.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Pager } from "../../components/table.tsx";
import type { Range } from "../../range.ts";
import { linkWith, type Visit } from "../../visit.ts";
import { sumUsd } from "../overview/figures.ts";

export interface SessionFacts {
  readonly name: string;
  readonly range: Range;
  /** Newest first. */
  readonly traces: readonly RequestRow[];
  readonly next_cursor: string | null;
}

export function sessionView(visit: Visit, facts: SessionFacts): JSX.Element {
  const { name, range, traces, next_cursor: next } = facts;
  const cursor = visit.query.get("cursor");
  const isWhole = cursor === null && next === null;
  return (
    <>
      <PageHead title={name} lead={`Session, ${range.label}`}>
        <RangePicker
          range={range}
          hrefFor={(to) => linkWith(visit, { range: to, from: null, to: null, cursor: null })}
        />
      </PageHead>
      {traces.length === 0 ? null : <Sums traces={traces} isWhole={isWhole} />}
      <div class="panel">
        <RequestTable
          caption={`Requests of the session ${name}, newest first`}
          rows={traces}
          zone={visit.preferences.zone}
          empty={
            <Empty
              title="No requests of this session here"
              hint="It may have been at another time: look at a longer range."
            >
              <a class="button" href={`${visit.url.pathname}?range=90d`}>
                All of 90 days
              </a>
            </Empty>
          }
        />
        <Pager
          first={cursor === null ? null : linkWith(visit, { cursor: null })}
          next={next === null ? null : linkWith(visit, { cursor: next })}
        />
      </div>
    </>
  );
}

interface SumsProps {
  readonly traces: readonly RequestRow[];
  /** Whether all of the session's requests are among them. */
  readonly isWhole: boolean;
}

function Sums({ traces, isWhole }: SumsProps) {
  const total = (of: (row: RequestRow) => number) => traces.reduce((sum, row) => sum + of(row), 0);
  const priced = traces.flatMap(({ cost_usd }) => (cost_usd === null ? [] : [cost_usd]));
  const cost = priced.length === 0 ? null : sumUsd(priced);
  const failed = traces.filter(({ outcome }) => outcome !== "ok").length;
  const [newest, oldest] = [traces[0], traces.at(-1)];
  const lastedMs =
    newest === undefined || oldest === undefined
      ? 0
      : Date.parse(newest.time) + (newest.latency_ms ?? 0) - Date.parse(oldest.time);
  return (
    <div class="stats">
      <Stat
        label="Requests"
        value={formatCount(traces.length)}
        note={isWhole ? (failed === 0 ? "" : `${formatCount(failed)} not ok`) : "on this page"}
      />
      <Stat label="Lasted" value={formatDuration(lastedMs)} />
      <Stat label="Tokens in" value={formatCount(total(({ input_tokens }) => input_tokens))} />
      <Stat label="Tokens out" value={formatCount(total(({ output_tokens }) => output_tokens))} />
      <Stat
        label="Cost"
        value={formatUsd(cost)}
        {...(cost === null ? {} : { exact: `${cost} US dollars` })}
        note={
          priced.length === traces.length || cost === null
            ? ""
            : plural(traces.length - priced.length, "request unpriced", "requests unpriced")
        }
      />
    </div>
  );
}
