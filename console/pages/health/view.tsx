/** How the gateway is: what works, what is degraded and what that means, what waits. */
import type { AdminApi } from "../../api.ts";
import { Badge, Facts, PageHead, Panel, Text, type BadgeTone } from "../../components/head.tsx";
import { formatBytes, formatCount } from "../../components/format.ts";
import { Notice } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Table } from "../../components/table.tsx";
import { Ago, Time } from "../../components/time.tsx";
import type { Visit } from "../../visit.ts";

type HealthReport = NonNullable<Awaited<ReturnType<AdminApi["health"]["get"]>>["data"]>;

interface CheckRow {
  readonly name: string;
  readonly state: string;
  readonly code: string | null;
}

export function healthView(report: HealthReport, visit: Visit) {
  const { zone } = visit.preferences;
  const rows = Object.entries(report.checks).map(([name, check]) => ({ name, ...check }));
  const bad = rows.filter(({ state }) => state !== "ok");
  return (
    <>
      <PageHead
        title="Health"
        lead="Whether requests are served, accounted for, sealed and traced."
      />
      {bad.length === 0 ? (
        <Notice tone="good" title="Everything works." />
      ) : (
        <Notice
          tone={bad.some(({ state }) => state === "failed") ? "bad" : "warning"}
          title={`${bad.map(({ name }) => labelOf(name)).join(", ")}: not as it should be.`}
        />
      )}
      {report.warnings.map((code) => (
        <Notice tone="warning" title={WARNINGS[code] ?? code} />
      ))}
      <div class="stats">
        <Stat label="Requests under way" value={formatCount(report.live_requests)} />
        <Stat label="Ledger rows waiting" value={formatCount(report.ledger_rows_waiting)} />
        <Stat label="Spans waiting" value={formatBytes(report.spans_waiting_bytes)} />
        <Stat label="Spans set aside" value={formatCount(report.spans_set_aside)} />
      </div>
      <Panel title="Checks">
        <Table
          caption="Checks"
          rows={rows}
          columns={[
            { head: "Check", cell: (row) => <Text text={labelOf(row.name)} /> },
            { head: "State", cell: (row) => <Badge text={row.state} tone={toneOf(row)} /> },
            { head: "What that means", cell: (row) => <Text text={meaningOf(row)} /> },
          ]}
          empty={<Text text="No checks." />}
        />
      </Panel>
      <Panel title="This gateway">
        <Facts
          rows={[
            ["Version", <Text text={report.version} mono />],
            ["Started", <Started at={report.started_at} zone={zone} nowMs={visit.nowMs} />],
          ]}
        />
      </Panel>
    </>
  );
}

function Started(props: { readonly at: string; readonly zone: string; readonly nowMs: number }) {
  return (
    <span>
      <Time at={props.at} zone={props.zone} shape="full" /> (<Ago {...props} />)
    </span>
  );
}

const LABELS: Readonly<Record<string, string>> = {
  listener: "Listener",
  ledger: "Ledger",
  settlement: "Settlement",
  content: "Content",
  providers: "Providers",
  retention: "Retention",
  database: "Database",
  keys: "Shared keys",
  traces: "Trace export",
  trace_round_trip: "Trace round trip",
};

function labelOf(name: string): string {
  return LABELS[name] ?? name;
}

const WARNINGS: Readonly<Record<string, string>> = {
  secrets_beside_data:
    "The secrets lie beside the data that they protect. ANYRAY_SECRETS_DIR moves them elsewhere.",
  plaintext_allowed:
    "This deployment allows content to be stored readable (ANYRAY_ALLOW_PLAINTEXT).",
};

const MEANINGS: Readonly<Record<string, string>> = {
  draining: "The gateway is ending: it finishes what is under way, and takes nothing new.",
  store_unavailable:
    "The ledger can't be written. Requests are refused, so that none goes unaccounted.",
  rows_waiting: "Rows wait to be committed again; nothing is lost while the gateway runs.",
  content_key_former:
    "The gateways that share the database have a newer content key. Restart this one with it, and with the former one among ANYRAY_CONTENT_KEYS_RETIRED.",
  content_key_other:
    "The gateways that share the database have another content key: neither opens what the other seals. Restart this one with theirs.",
  audit_key_other:
    "The gateways that share the database sign the audit log with another key. Restart this one with theirs.",
};

function meaningOf({ state, code }: CheckRow): string {
  if (state === "ok") return "As it should be";
  return code === null ? "" : (MEANINGS[code] ?? code.replaceAll("_", " "));
}

function toneOf({ state }: CheckRow): BadgeTone {
  return state === "ok" ? "good" : state === "failed" ? "bad" : "warning";
}
