/** From a model's name to a provider: aliases, and who is asked first for a bare name. */
import type { AdminApi } from "../../api.ts";
import { Confirm } from "../../components/confirm.tsx";
import { plural } from "../../components/format.ts";
import { ActionForm, Hidden, Submit, TextField } from "../../components/form.tsx";
import { Badge, PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";

export type Routing = NonNullable<Awaited<ReturnType<AdminApi["routes"]["get"]>>["data"]>;

export interface Alias {
  readonly alias: string;
  readonly target: string;
  /** Of the deployment: changed there. */
  readonly isFixed: boolean;
  readonly isBroken: boolean;
}

export interface TypedAlias {
  readonly alias: string;
  readonly target: string;
}

export interface RoutingShown {
  readonly routing: Routing;
  readonly cut: Cut<Alias>;
  readonly typed: TypedAlias;
  readonly fault: string | null;
}

export function routingView(visit: Visit, shown: RoutingShown): JSX.Element {
  const { routing, cut, typed, fault } = shown;
  const mayChange = canChange(visit, "providers");
  return (
    <>
      <PageHead
        title="Routes"
        lead="From the name that a caller asks for to the provider that answers."
      />
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      <Panel
        title={plural(cut.total, "alias", "aliases")}
        hint="A name of yours for a provider's model"
      >
        <Aliases rows={cut} mayChange={mayChange} />
      </Panel>
      {mayChange ? (
        <Panel title="Add an alias" hint="One that is there gets the new target">
          <ActionForm action="/routes/aliases">
            <Hidden name="version" value={String(routing.version)} />
            <div class="field-row">
              <TextField
                name="alias"
                label="Name"
                value={typed.alias}
                hint="Such as fast"
                isRequired
              />
              <TextField
                name="target"
                label="Leads to"
                value={typed.target}
                hint="provider/model"
                isRequired
              />
            </div>
            <Submit label="Save alias" />
          </ActionForm>
        </Panel>
      ) : null}
      <Panel title="Order of providers" hint="Who is asked first for a model by its bare name">
        <Order routing={routing} mayChange={mayChange} />
        <LastChange visit={visit} routing={routing} />
      </Panel>
    </>
  );
}

function Aliases({
  rows: cut,
  mayChange,
}: {
  readonly rows: Cut<Alias>;
  readonly mayChange: boolean;
}) {
  return (
    <>
      <Table
        caption="Aliases"
        rows={cut.rows}
        columns={[
          { head: "Name", cell: ({ alias }) => <Text text={alias} mono /> },
          {
            head: "Leads to",
            cell: ({ target, isBroken }) => (
              <span class="badges">
                <Text text={target} mono />
                {isBroken ? <Badge text="leads nowhere" tone="bad" /> : null}
              </span>
            ),
          },
          {
            head: "Set by",
            minor: true,
            cell: ({ isFixed }) => <Text text={isFixed ? "deployment" : "here"} />,
          },
          {
            head: "",
            align: "right",
            cell: ({ alias, isFixed }) =>
              mayChange && !isFixed ? (
                <a
                  class="button small"
                  href={`/routes/aliases/${encodeURIComponent(alias)}/remove`}
                  aria-label={`Remove the alias ${alias}`}
                >
                  Remove…
                </a>
              ) : (
                <span class="none">–</span>
              ),
          },
        ]}
        empty={
          <Empty
            title="No aliases"
            hint="With one, callers ask for a name of yours, and you decide later which model that is."
          />
        }
      />
      <Pager first={cut.first} next={cut.next} />
    </>
  );
}

function Order({ routing, mayChange }: { readonly routing: Routing; readonly mayChange: boolean }) {
  const names = routing.effective_order;
  const rows = names.map((name, index) => ({ name, index }));
  return (
    <Table
      caption="Providers, the first asked first"
      rows={rows}
      columns={[
        { head: "Turn", cell: ({ index }) => <span class="none">{index + 1}</span> },
        {
          head: "Provider",
          cell: ({ name }) => (
            <a href={`/providers/${encodeURIComponent(name)}`} safe>
              {name}
            </a>
          ),
        },
        {
          head: "",
          align: "right",
          cell: ({ name, index }) =>
            mayChange && index > 0 ? (
              <form method="post" action="/routes/order">
                <Hidden name="version" value={String(routing.version)} />
                <Hidden name="provider" value={name} />
                <button type="submit" class="button small" aria-label={`Ask ${name} earlier`}>
                  Earlier
                </button>
              </form>
            ) : (
              <span class="none">–</span>
            ),
        },
      ]}
      empty={<Empty title="No providers" hint="Set one under Providers." />}
    />
  );
}

function LastChange({ visit, routing }: { readonly visit: Visit; readonly routing: Routing }) {
  if (routing.changed_at === null) return null;
  return (
    <p class="more muted">
      Changed <Time at={routing.changed_at} zone={visit.preferences.zone} />
      {routing.changed_by === null ? null : <span safe>{` by ${routing.changed_by}`}</span>}.
    </p>
  );
}

export function removeAliasView(alias: string, target: string, version: number): JSX.Element {
  return (
    <Confirm
      title={`Remove the alias ${alias}?`}
      consequences={[
        `It leads to ${target}. Who asks for ${alias} is told from now on that there is no such model, unless a provider has one of this name.`,
        "The change stands in the audit log.",
      ]}
      action={`/routes/aliases/${encodeURIComponent(alias)}/remove`}
      fields={{ version: String(version) }}
      verb="Remove alias"
      isDangerous
      cancel="/routes"
    />
  );
}
