/** Sessions of a range: the one with the newest request first. */
import type { AdminApi } from "../../api.ts";
import { formatCount, formatSumUsd } from "../../components/format.ts";
import { PageHead, Text } from "../../components/head.tsx";
import { Later } from "../../components/later.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Ago } from "../../components/time.tsx";
import type { Range } from "../../range.ts";
import { linkWith, type Visit } from "../../visit.ts";
import { NONE } from "../spend/query.ts";
import { sessionLink } from "./link.ts";

type SessionsAnswer = NonNullable<Awaited<ReturnType<AdminApi["sessions"]["get"]>>["data"]>;
type Session = SessionsAnswer["sessions"][number];

/** @param answer null: it comes later */
export function sessionsView(
  visit: Visit,
  range: Range,
  answer: SessionsAnswer | null,
): JSX.Element {
  return (
    <>
      <PageHead
        title="Sessions"
        lead="Requests that belong together: a conversation, an agent's run. The newest first."
      >
        <RangePicker
          range={range}
          hrefFor={(name) => linkWith(visit, { range: name, from: null, to: null, cursor: null })}
        />
      </PageHead>
      {answer === null ? (
        <Later visit={visit} from={linkWith(visit, { part: "table" })} what="the sessions" />
      ) : (
        sessionTable(visit, range, answer)
      )}
    </>
  );
}

export function sessionTable(
  visit: Visit,
  range: Range,
  { sessions, next_cursor: next }: SessionsAnswer,
): JSX.Element {
  const { nowMs, preferences } = visit;
  const cursor = visit.query.get("cursor");
  return (
    <div class="panel">
      <Table
        caption={`Sessions, the newest first, ${range.label}`}
        rows={sessions}
        columns={[
          { head: "Session", cell: (session) => <Name session={session} range={range} /> },
          {
            head: "Requests",
            align: "right",
            cell: ({ requests }) => <Text text={formatCount(requests)} />,
          },
          {
            head: "Tokens in",
            align: "right",
            minor: true,
            cell: ({ input_tokens }) => <Text text={formatCount(input_tokens)} />,
          },
          {
            head: "Tokens out",
            align: "right",
            minor: true,
            cell: ({ output_tokens }) => <Text text={formatCount(output_tokens)} />,
          },
          {
            head: "Cost",
            align: "right",
            cell: (session) => (
              <span title={`${session.cost_usd} US dollars`} safe>
                {formatSumUsd(session)}
              </span>
            ),
          },
          {
            head: "Last request",
            align: "right",
            cell: ({ last_at }) => <Ago at={last_at} nowMs={nowMs} zone={preferences.zone} />,
          },
        ]}
        empty={
          <Empty
            title={`No sessions in ${range.name === null ? range.label : `the last ${range.label}`}`}
            hint="An app names one in x-anyray-metadata, as session; Claude Code and Codex do so by themselves."
          >
            {range.name === "90d" ? null : (
              <a class="button" href="/sessions?range=90d">
                All of 90 days
              </a>
            )}
          </Empty>
        }
      />
      <Pager
        first={cursor === null ? null : linkWith(visit, { cursor: null, part: null })}
        next={next === null ? null : linkWith(visit, { cursor: next, part: null })}
      />
    </div>
  );
}

function Name({ session, range }: { readonly session: Session; readonly range: Range }) {
  const { session: name, last_at } = session;
  if (name !== null) {
    return (
      <a href={sessionLink(name, last_at)} safe>
        {name}
      </a>
    );
  }
  const query = new URLSearchParams({ session: NONE, range: range.name ?? "" });
  return <a href={`/traces?${query}`}>Without a session</a>;
}
