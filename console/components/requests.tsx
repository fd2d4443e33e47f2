/** Requests as rows of a table, newest first: when, who, what, how it ended, how long it took, what it cost. */
import { formatCount, formatDuration, formatUsd } from "./format.ts";
import { Text } from "./head.tsx";
import { Outcome } from "./outcome.tsx";
import { Table, type Column } from "./table.tsx";
import { Time } from "./time.tsx";

export interface RequestRow {
  readonly trace_id: string;
  readonly time: string;
  readonly user: string | null;
  readonly team: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly status: number | null;
  readonly outcome: string;
  readonly attempts: number;
  readonly stream: boolean;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string | null;
  readonly latency_ms: number | null;
  readonly ttfb_ms: number | null;
}

/** @param zone of the reader */
export function requestColumns(zone: string): readonly Column<RequestRow>[] {
  return [
    {
      head: "When",
      cell: ({ trace_id, time }) => (
        <a class="when" href={`/traces/${encodeURIComponent(trace_id)}`}>
          <Time at={time} zone={zone} shape="second" />
        </a>
      ),
    },
    {
      head: "Who",
      minor: true,
      cell: ({ user, team }) => <Two first={user ?? "–"} second={team} />,
    },
    {
      head: "Model",
      cell: ({ model, provider, user }) => (
        <>
          <Two first={model ?? "–"} second={provider} isMinor />
          {user === null ? null : (
            <span class="bar-note narrow-only" safe>
              {user}
            </span>
          )}
        </>
      ),
    },
    {
      head: "Outcome",
      cell: (row) => (
        <div class="outcome">
          <Outcome outcome={row.outcome} />
          {noteOf(row) === null ? null : (
            <span class="bar-note" safe>
              {noteOf(row)}
            </span>
          )}
        </div>
      ),
    },
    {
      head: "Took",
      align: "right",
      minor: true,
      cell: ({ latency_ms, ttfb_ms }) => (
        <span
          {...(ttfb_ms === null ? {} : { title: `First byte: ${formatDuration(ttfb_ms)}` })}
          safe
        >
          {formatDuration(latency_ms)}
        </span>
      ),
    },
    {
      head: "Tokens",
      align: "right",
      minor: true,
      cell: ({ input_tokens, output_tokens }) => (
        <span title={`${formatCount(input_tokens)} in, ${formatCount(output_tokens)} out`} safe>
          {formatCount(input_tokens + output_tokens)}
        </span>
      ),
    },
    {
      head: "Cost",
      align: "right",
      cell: ({ cost_usd, latency_ms }) => (
        <>
          <span {...(cost_usd === null ? {} : { title: `${cost_usd} US dollars` })} safe>
            {formatUsd(cost_usd)}
          </span>
          {/* On a phone, both. */}
          <span class="bar-note narrow-only" safe>
            {formatDuration(latency_ms)}
          </span>
        </>
      ),
    },
  ];
}

/** What an answer that came whole need not say. */
function noteOf({ status, outcome, attempts }: RequestRow): string | null {
  const notes = [
    ...(outcome === "ok" || status === null ? [] : [String(status)]),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
  ];
  return notes.length === 0 ? null : notes.join(", ");
}

interface TwoProps {
  readonly first: string;
  readonly second: string | null;
  /** The second may fall away on a phone. */
  readonly isMinor?: boolean;
}

function Two({ first, second, isMinor = false }: TwoProps) {
  return (
    <>
      <Text text={first} />
      {second === null ? null : (
        <span class={isMinor ? "bar-note minor" : "bar-note"} safe>
          {second}
        </span>
      )}
    </>
  );
}

interface RequestTableProps {
  readonly caption: string;
  readonly rows: readonly RequestRow[];
  readonly zone: string;
  readonly empty: JSX.Element;
  /** Where rows come later. */
  readonly bodyId?: string;
}

export function RequestTable({ zone, ...props }: RequestTableProps) {
  return <Table columns={requestColumns(zone)} {...props} />;
}
