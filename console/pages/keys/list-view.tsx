/** All keys, the newest first; a few at a time. */
import { FilterForm, SelectField, TextField } from "../../components/form.tsx";
import { Badge, PageHead, Text, type BadgeTone } from "../../components/head.tsx";
import { Empty } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { canChange, linkWith, type Visit } from "../../visit.ts";
import { keyName, type Key } from "./terms.ts";

export const STATES = ["active", "expired", "revoked"] as const;
const TONES: Readonly<Record<string, BadgeTone>> = { active: "good", expired: "warning" };

export interface KeysShown {
  readonly keys: readonly Key[];
  readonly nextCursor: string | null;
  readonly search: string;
  readonly state: string;
}

export function keysView(visit: Visit, shown: KeysShown): JSX.Element {
  const { keys, nextCursor, search, state } = shown;
  const { zone } = visit.preferences;
  const isFiltered = search !== "" || state !== "";
  return (
    <>
      <PageHead title="Keys" lead="What apps and people call the gateway with.">
        {canChange(visit, "keys") ? (
          <a class="button main" href="/keys/new">
            New key
          </a>
        ) : null}
      </PageHead>
      <FilterForm action="/keys">
        <TextField name="search" label="Search" type="search" value={search} />
        <SelectField
          name="state"
          label="State"
          value={state}
          choices={[
            { value: "", label: "Any" },
            ...STATES.map((name) => ({ value: name, label: name })),
          ]}
          submits
        />
      </FilterForm>
      <div class="panel">
        <Table
          caption="Keys, the newest first"
          rows={keys}
          columns={[
            { head: "Key", cell: (key) => <KeyLink of={key} /> },
            { head: "Charged to", cell: (key) => <Charged of={key} /> },
            { head: "State", cell: (key) => <KeyState state={key.state} /> },
            {
              head: "Secret",
              minor: true,
              cell: ({ display }) => <Text text={`ark_${display}…`} mono />,
            },
            {
              head: "Made",
              align: "right",
              minor: true,
              cell: ({ created_at }) => <Time at={created_at} zone={zone} shape="date" />,
            },
            {
              head: "Expires",
              align: "right",
              minor: true,
              cell: ({ expires_at }) => <Time at={expires_at} zone={zone} shape="date" />,
            },
          ]}
          empty={
            isFiltered ? (
              <Empty
                title="No key is like that"
                hint="Search looks at id, name, description, user, team and the secret's first characters."
              />
            ) : (
              <Empty title="No keys yet" hint="Each app, or each person, gets one of its own." />
            )
          }
        />
        <Pager
          first={visit.query.has("cursor") ? linkWith(visit, { cursor: null }) : null}
          next={nextCursor === null ? null : linkWith(visit, { cursor: nextCursor })}
        />
      </div>
    </>
  );
}

export function KeyState({ state }: { readonly state: string }) {
  return <Badge text={state} tone={TONES[state] ?? "plain"} />;
}

function KeyLink({ of }: { readonly of: Key }) {
  return (
    <span>
      <a href={`/keys/${encodeURIComponent(of.id)}`} safe>
        {keyName(of)}
      </a>
      {of.description === null ? null : (
        <span class="cell-note" safe>
          {of.description}
        </span>
      )}
    </span>
  );
}

function Charged({ of: { user, team } }: { readonly of: Key }) {
  const text = [user, team].filter((name) => name !== null).join(" · ");
  return text === "" ? <span class="none">whoever asks</span> : <Text text={text} />;
}
