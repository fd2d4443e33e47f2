/** All providers, in the order in which bare model names are looked up. */
import { formatCount } from "../../components/format.ts";
import { Badge, PageHead, Text } from "../../components/head.tsx";
import { Empty } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";
import type { Provider } from "./terms.ts";

export function providersView(visit: Visit, cut: Cut<Provider>): JSX.Element {
  return (
    <>
      <PageHead
        title="Providers"
        lead="Where requests go. Keys are sealed, bound to their address, and shown as fingerprints alone."
      >
        {canChange(visit, "providers") ? (
          <a class="button main" href="/providers/new">
            New provider
          </a>
        ) : null}
      </PageHead>
      <div class="panel">
        <Table
          caption="Providers, in the order in which bare model names are looked up"
          rows={cut.rows}
          columns={[
            {
              head: "Provider",
              cell: (provider) => (
                <span>
                  <a href={`/providers/${encodeURIComponent(provider.id)}`} safe>
                    {provider.id}
                  </a>
                  <span class="cell-note" safe>
                    {provider.kind ?? "unknown kind"}
                  </span>
                </span>
              ),
            },
            {
              head: "Address",
              minor: true,
              cell: ({ base_url }) =>
                base_url === "" ? (
                  <span class="none">none: it runs in the gateway</span>
                ) : (
                  <Text text={base_url} />
                ),
            },
            { head: "State", cell: (provider) => <ProviderState of={provider} /> },
            {
              head: "Key",
              minor: true,
              cell: ({ key_fingerprint }) => <Fingerprint text={key_fingerprint} />,
            },
            {
              head: "Models",
              align: "right",
              cell: ({ models }) =>
                models === null ? (
                  <span class="none">all it has</span>
                ) : (
                  <Text text={formatCount(models.length)} />
                ),
            },
            { head: "Set by", minor: true, cell: ({ source }) => <Source name={source} /> },
          ]}
          empty={
            <Empty title="No providers" hint="Set one here, or configure one in the deployment." />
          }
        />
        <Pager first={cut.first} next={cut.next} />
      </div>
    </>
  );
}

export function ProviderState({ of: { state } }: { readonly of: Provider }) {
  return <Badge text={state.replaceAll("_", " ")} tone={state === "ok" ? "good" : "bad"} />;
}

export function Fingerprint({ text }: { readonly text: string | null }) {
  return text === null ? <span class="none">none</span> : <Text text={text} mono />;
}

export function Source({ name }: { readonly name: string }) {
  return <Text text={name === "database" ? "here" : name} />;
}
