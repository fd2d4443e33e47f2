/** What has crossed the boundary since the gateway started: destination by destination, and what was refused. */
import type { AdminApi } from "../../api.ts";
import { Bar } from "../../components/charts/bars.tsx";
import { formatBytes, formatCompact, formatCount, plural } from "../../components/format.ts";
import { Badge, PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Table } from "../../components/table.tsx";
import { Ago } from "../../components/time.tsx";
import type { Visit } from "../../visit.ts";

type BoundaryReport = NonNullable<Awaited<ReturnType<AdminApi["boundary"]["get"]>>["data"]>;
type Destination = BoundaryReport["destinations"][number];

export function boundaryView(visit: Visit, report: BoundaryReport): JSX.Element {
  const { destinations, refused_elsewhere: elsewhere } = report;
  const total = (of: (each: Destination) => number) =>
    destinations.reduce((sum, each) => sum + of(each), 0);
  const refused = total((each) => each.refused);
  const allowed = destinations.filter((each) => each.allowed);
  return (
    <>
      <PageHead
        title="Boundary"
        lead="Every place that the gateway may connect to. There is no other way out."
      />
      {elsewhere === 0 ? null : (
        <Notice
          tone="warning"
          title={`${plural(elsewhere, "request")} to places that nobody configured: refused.`}
        />
      )}
      {report.warnings.includes("secrets_beside_data") ? (
        <Notice
          tone="warning"
          title="The secrets lie beside the data that they protect. ANYRAY_SECRETS_DIR moves them elsewhere."
        />
      ) : null}
      <div class="stats">
        <Stat label="Places allowed" value={formatCount(allowed.length)} />
        <Stat
          label="Requests out"
          value={formatCompact(total((each) => each.requests))}
          exact={formatCount(total((each) => each.requests))}
        />
        <Stat label="Sent" value={formatBytes(total((each) => each.bytes_sent))} />
        <Stat label="Received" value={formatBytes(total((each) => each.bytes_received))} />
        <Stat
          label="Refused"
          value={formatCount(refused + elsewhere)}
          note={elsewhere === 0 ? "" : `${formatCount(elsewhere)} to elsewhere`}
        />
      </div>
      <section class="panel">
        <header class="panel-head">
          <h2>Destinations</h2>
          <p class="hint">
            Counted since the gateway started,{" "}
            <Ago at={report.since} nowMs={visit.nowMs} zone={visit.preferences.zone} />
          </p>
        </header>
        <Destinations destinations={destinations} />
      </section>
      <Panel title="How that is kept">
        <ul class="plain-list">
          <li>
            One module opens connections; each name is looked up, its address checked and then
            connected to as it was checked. Redirects are not followed.
          </li>
          <li>
            Private and loopback addresses are for what the deployment itself wrote down; link-local
            and metadata addresses are for nobody.
          </li>
          <li>The console that you look at asks the gateway, and nothing else.</li>
        </ul>
      </Panel>
    </>
  );
}

const REASONS: Readonly<Record<string, string>> = {
  provider: "A provider of models, by configuration or by an administrator",
  collector: "Spans go there (OTEL_EXPORTER_OTLP_ENDPOINT)",
  "trace back end": "Traces are read back from there (ANYRAY_TRACES_URL)",
  webhook: "Told when a cap is near or reached",
  database: "The ledger and all settings (ANYRAY_DB_URL)",
};

function Destinations({ destinations }: { readonly destinations: readonly Destination[] }) {
  const most = Math.max(
    1,
    ...destinations.flatMap((each) => [each.bytes_sent, each.bytes_received]),
  );
  const bytes = (count: number) => (
    <div class="amount">
      <Text text={formatBytes(count)} />
      <Bar share={count / most} />
    </div>
  );
  return (
    <Table
      caption="Destinations, with what was sent there and received from there"
      stacks
      rows={destinations}
      columns={[
        {
          head: "Place",
          cell: ({ name, origin, allowed }) => (
            <>
              <Text text={name} />
              {allowed ? null : <Badge text="removed" tone="warning" />}
              <span class="bar-note">
                <Text text={origin} mono />
              </span>
            </>
          ),
        },
        {
          head: "Why allowed",
          minor: true,
          cell: ({ reason, allowed }) => (
            <>
              <Text text={allowed ? (REASONS[reason] ?? reason) : `Was: ${reason}`} />
              {allowed ? null : <span class="bar-note">Its idle connections are closed.</span>}
            </>
          ),
        },
        {
          head: "Requests",
          align: "right",
          cell: ({ requests, open_connections: open }) => (
            <>
              <Text text={formatCount(requests)} />
              {open === 0 ? null : (
                <span class="bar-note" safe>
                  {`${formatCount(open)} open`}
                </span>
              )}
            </>
          ),
        },
        { head: "Sent", cell: ({ bytes_sent }) => bytes(bytes_sent) },
        { head: "Received", cell: ({ bytes_received }) => bytes(bytes_received) },
        {
          head: "Refused",
          align: "right",
          cell: ({ refused }) =>
            refused === 0 ? (
              <span class="none">0</span>
            ) : (
              <Badge text={formatCount(refused)} tone="warning" />
            ),
        },
      ]}
      empty={
        <Empty
          title="The gateway may connect to nothing"
          hint="The built-in demo provider needs no connection. A provider that is added shows up here."
        />
      }
    />
  );
}
