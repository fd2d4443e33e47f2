/** All users, or all teams: the costliest first. */
import { CapBar } from "../../components/cap-bar.tsx";
import { FilterForm, TextField } from "../../components/form.tsx";
import { formatCount, formatUsd } from "../../components/format.ts";
import { PageHead, Text } from "../../components/head.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { Ago } from "../../components/time.tsx";
import type { Range } from "../../range.ts";
import { linkWith, type Visit } from "../../visit.ts";
import type { Kind, Person } from "./kind.ts";

const TITLES = { user: "Users", team: "Teams" } as const;
const EXAMPLES = { user: "ann@example.com", team: "platform" } as const;
const LEADS = {
  user: "Who asks, by the name that their key binds or that their app says.",
  team: "Who pays, by the team that a key binds or that an app says.",
} as const;

export function peopleView(
  visit: Visit,
  kind: Kind,
  range: Range,
  people: readonly Person[],
): JSX.Element {
  const { nowMs, preferences } = visit;
  const title = TITLES[kind];
  return (
    <>
      <PageHead title={title} lead={LEADS[kind]}>
        <RangePicker range={range} hrefFor={(name) => linkWith(visit, { range: name })} />
      </PageHead>
      <FilterForm action={`/${kind}s`}>
        <TextField name="name" label="Find by name" type="search" placeholder={EXAMPLES[kind]} />
      </FilterForm>
      <div class="panel">
        <Table
          caption={`${title}, the costliest first, ${range.label}`}
          rows={people}
          columns={[
            {
              head: kind === "user" ? "User" : "Team",
              cell: ({ name }) => (
                <a href={`/${kind}s/${encodeURIComponent(name)}`} safe>
                  {name}
                </a>
              ),
            },
            { head: "Caps now", cell: ({ caps }) => <Caps caps={caps} /> },
            {
              head: "Spend",
              align: "right",
              cell: ({ cost_usd }) => (
                <span title={cost_usd} safe>
                  {formatUsd(cost_usd)}
                </span>
              ),
            },
            {
              head: "Requests",
              align: "right",
              minor: true,
              cell: ({ requests }) => <Text text={formatCount(requests)} />,
            },
            {
              head: "Keys",
              align: "right",
              minor: true,
              cell: ({ keys }) => <Text text={formatCount(keys)} />,
            },
            {
              head: "Last seen",
              align: "right",
              minor: true,
              cell: ({ last_seen }) => <Ago at={last_seen} nowMs={nowMs} zone={preferences.zone} />,
            },
          ]}
          empty={
            <Empty
              title={`No ${title.toLowerCase()} in the last ${range.label}`}
              hint={`They show up with their first request: by a key that is made for a ${kind}, or by the ${kind} that an app names in x-anyray-metadata.`}
            />
          }
        />
        {people.length < 100 ? null : (
          <p class="more muted">
            These are the 100 costliest; who is not among them is found by name.
          </p>
        )}
      </div>
    </>
  );
}

function Caps({ caps }: { readonly caps: Person["caps"] }) {
  if (caps.length === 0) return <span class="none">none</span>;
  return (
    <div class="caps">
      {caps.map((cap) => (
        <CapBar cap={cap} />
      ))}
    </div>
  );
}
