/** All caps, and how much of each is used by whom used most of it. */
import { amountText, CapBar } from "../../components/cap-bar.tsx";
import { plural } from "../../components/format.ts";
import { FilterForm, SelectField, TextField } from "../../components/form.tsx";
import { PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";
import { SCOPES, scopeTitle } from "./scope.tsx";
import { useOf, type Cap } from "./terms.ts";

export interface CapsShown {
  readonly cut: Cut<Cap>;
  readonly search: string;
  readonly scope: string;
}

export function capsView(visit: Visit, { cut, search, scope }: CapsShown): JSX.Element {
  const { zone } = visit.preferences;
  const isFiltered = search + scope !== "";
  return (
    <>
      <PageHead
        title="Caps"
        lead="What may be spent in an hour, a day, a week or a month. A hard cap refuses what would pass it, before it is sent."
      >
        {canChange(visit, "quotas") ? (
          <a class="button main" href="/caps/new">
            New cap
          </a>
        ) : null}
      </PageHead>
      <FilterForm action="/caps">
        <TextField name="search" label="Name" type="search" value={search} />
        <SelectField
          name="scope"
          label="Holds for"
          value={scope}
          choices={[{ value: "", label: "Anyone" }, ...SCOPES]}
          submits
        />
      </FilterForm>
      <Panel title={plural(cut.total, "cap")} hint="The newest first">
        <Table
          caption="Caps, the newest first"
          rows={cut.rows}
          columns={[
            {
              head: "Holds for",
              cell: (cap) => (
                <span>
                  <a href={`/caps/${encodeURIComponent(cap.id)}`} safe>
                    {scopeTitle(cap)}
                  </a>
                  <span class="cell-note" safe>
                    {`${amountText(cap.unit, cap.amount)} each ${cap.window}${cap.mode === "soft" ? ", soft" : ""}`}
                  </span>
                </span>
              ),
            },
            { head: "Used now", cell: (cap) => <MostUsed of={cap} /> },
            {
              head: "Begins anew",
              align: "right",
              minor: true,
              cell: ({ usage: [most] }) => <Time at={most?.window_end ?? null} zone={zone} />,
            },
          ]}
          empty={
            isFiltered ? (
              <Empty title="No cap is like that" hint="Search looks at users, teams and ids." />
            ) : (
              <Empty
                title="No caps yet"
                hint="Without one nobody is held back. One for each user, by the month, is a good beginning."
              />
            )
          }
        />
        <Pager first={cut.first} next={cut.next} />
      </Panel>
    </>
  );
}

function MostUsed({ of: cap }: { readonly of: Cap }) {
  const [most] = cap.usage;
  if (most === undefined) return <span class="none">nothing yet</span>;
  const others = cap.usage.length - 1;
  return (
    <div class="caps">
      {most.subject === null || most.subject === cap.scope_id ? null : (
        <Text
          text={`${most.subject}${others > 0 ? `, and ${plural(others, "other")} below` : ""}`}
        />
      )}
      <CapBar cap={useOf(cap, most)} />
    </div>
  );
}
