/** The audit log: what administrators did, filtered, a page at a time; and how to prove that nothing of it is missing. */
import type { AdminApi } from "../../api.ts";
import { formatCount, plural } from "../../components/format.ts";
import { FilterForm, TextField } from "../../components/form.tsx";
import { Badge, Copyable, Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Later } from "../../components/later.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { linkWith, type Visit } from "../../visit.ts";
import { factsText, Target, type Entry } from "./entry.tsx";

export type Checkpoints = NonNullable<
  Awaited<ReturnType<AdminApi["audit"]["checkpoints"]["get"]>>["data"]
>;
export type Verdict = NonNullable<Awaited<ReturnType<AdminApi["audit"]["verify"]["get"]>>["data"]>;

export interface AuditFilters {
  readonly from: string;
  readonly to: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
}

export interface AuditShown {
  readonly entries: readonly Entry[];
  readonly nextCursor: string | null;
  readonly filters: AuditFilters;
  readonly checkpoints: Checkpoints;
  /** What the gateway refused. */
  readonly fault: string | null;
}

/** To choose from; the gateway has the closed list. */
const ACTIONS = [
  "account.change",
  "account.create",
  "cap.change",
  "cap.create",
  "cap.exceeded",
  "cap.remove",
  "cap.warned",
  "content.read",
  "invite.create",
  "invite.redeem",
  "invite.revoke",
  "key.change",
  "key.create",
  "key.revoke",
  "key.rotate",
  "keys.export",
  "keys.rotate",
  "keys.share",
  "limit.change",
  "limit.create",
  "limit.remove",
  "price.import",
  "price.remove",
  "privacy.change",
  "provider.change",
  "provider.create",
  "provider.remove",
  "provider.test",
  "retention.change",
  "routes.change",
  "session.begin",
  "session.end",
  "subject.erase",
  "token.create",
  "token.end",
] as const;

export function auditView(visit: Visit, shown: AuditShown): JSX.Element {
  const { entries, nextCursor, filters, checkpoints, fault } = shown;
  return (
    <>
      <PageHead
        title="Audit"
        lead="What administrators did, in a chain that shows when something of it is changed or missing."
      >
        <a class="button" href="/audit.jsonl" download="anyray-audit.jsonl" hx-boost="false">
          Export
        </a>
        <a class="button main" href="/audit/verify">
          Verify now
        </a>
      </PageHead>
      <FilterForm action="/audit">
        <TextField name="from" label="From" type="date" value={filters.from} />
        <TextField name="to" label="Before" type="date" value={filters.to} />
        <TextField name="actor" label="Who" value={filters.actor} />
        <TextField name="action" label="Action" value={filters.action} choices={ACTIONS} />
        <TextField name="target" label="On what" value={filters.target} />
      </FilterForm>
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      <div class="panel">
        <Entries visit={visit} entries={entries} />
        <Pager
          first={visit.query.has("cursor") ? linkWith(visit, { cursor: null }) : null}
          next={nextCursor === null ? null : linkWith(visit, { cursor: nextCursor })}
        />
      </div>
      <Proof visit={visit} checkpoints={checkpoints} />
    </>
  );
}

function Entries({
  visit,
  entries,
}: {
  readonly visit: Visit;
  readonly entries: readonly Entry[];
}) {
  return (
    <Table
      caption="Entries, the newest first"
      stacks
      rows={entries}
      columns={[
        {
          head: "When",
          cell: ({ time }) => <Time at={time} zone={visit.preferences.zone} shape="second" />,
        },
        { head: "Who", cell: ({ actor }) => <Text text={actor} /> },
        {
          head: "Did",
          cell: ({ action }) => (
            <Badge text={action} tone={isGrave(action) ? "warning" : "plain"} />
          ),
        },
        { head: "On what", cell: (entry) => <Target visit={visit} entry={entry} /> },
        {
          head: "With what",
          minor: true,
          cell: (entry) => (
            <span class="words" safe>
              {factsText(entry, visit.preferences.zone)}
            </span>
          ),
        },
        {
          head: "Entry",
          align: "right",
          minor: true,
          cell: ({ seq, hash }) => (
            <span class="muted" title={hash} safe>
              {String(seq)}
            </span>
          ),
        },
      ]}
      empty={
        <Empty
          title="No entry is like that"
          hint="Names are compared as they stand in the log, whole."
        />
      }
    />
  );
}

/** What can't be undone, or opens content. */
function isGrave(action: string): boolean {
  return /^(?:subject\.|content\.|keys\.|privacy\.|retention\.)|\.(?:remove|revoke)$/.test(action);
}

const NEWEST = 5;

function Proof({
  visit,
  checkpoints: { public_key, checkpoints },
}: {
  readonly visit: Visit;
  readonly checkpoints: Checkpoints;
}) {
  return (
    <div class="columns">
      <Panel title="Checkpoints" hint="Signed heads of the log, the newest first">
        <Table
          caption="The newest checkpoints"
          rows={checkpoints.slice(0, NEWEST)}
          columns={[
            { head: "Until entry", cell: ({ seq }) => <Text text={formatCount(seq)} /> },
            { head: "Hash", cell: ({ hash }) => <Text text={`${hash.slice(0, 12)}…`} mono /> },
            {
              head: "Signed",
              align: "right",
              cell: ({ time }) => <Time at={time} zone={visit.preferences.zone} />,
            },
          ]}
          empty={
            <Empty
              title="No checkpoint yet"
              hint="One is signed after 256 entries, after an hour, and at every stop."
            />
          }
        />
      </Panel>
      <Panel title="Verify it elsewhere" hint="Without this gateway">
        <p class="muted">
          Export the log, and check it on another machine with the public key that you kept there:
          then nobody who rules this gateway can have rewritten it.
        </p>
        <Copyable id="verify-command" text={commandFor(public_key)} />
      </Panel>
    </div>
  );
}

function commandFor(publicKey: string): string {
  return `bun run anyray audit verify anyray-audit.jsonl --public-key ${publicKey}`;
}

const FAULTS: Readonly<Record<string, string>> = {
  edited: "was changed after it was written",
  out_of_order: "is not where it belongs: an entry is missing, doubled or moved",
  not_linked: "does not follow the entry before it",
  truncated: "is missing: a checkpoint vouches for entries that are not there",
  bad_signature: "has a checkpoint whose signature is wrong",
};

/** @param verdict null: it comes later, for it takes as long as the log is */
export function verifyView(visit: Visit, verdict: Verdict | null, publicKey: string): JSX.Element {
  return (
    <div class="narrow">
      <PageHead title="The audit log, verified">
        <a class="button" href="/audit">
          To the log
        </a>
      </PageHead>
      {verdict === null ? (
        <Later visit={visit} from="/audit/verify/verdict" what="the verdict" />
      ) : (
        verdictView(verdict)
      )}
      <Panel title="Why that is not all" hint="The gateway looked at itself">
        <p class="muted">
          Whoever rules the gateway could have it say so. An export that is checked elsewhere, with
          the public key kept there, does not depend on it.
        </p>
        <Copyable id="verify-command" text={commandFor(publicKey)} />
      </Panel>
    </div>
  );
}

export function verdictView(verdict: Verdict): JSX.Element {
  const { is_whole, entries, head, checkpoints, vouched_until, fault, fault_seq } = verdict;
  return (
    <>
      {is_whole ? (
        <Notice
          tone="good"
          title={`It is whole: ${plural(entries, "entry", "entries")}, each following the one before.`}
        />
      ) : (
        <Notice
          tone="bad"
          title={`It is not whole: entry ${fault_seq ?? "?"} ${FAULTS[fault ?? ""] ?? fault ?? "is wrong"}.`}
        >
          <p class="muted">
            Keep the database, its backups and audit-checkpoints.jsonl as they are, and find out who
            could write to them.
          </p>
        </Notice>
      )}
      <Panel title="What was checked">
        <Facts
          rows={[
            ["Entries", <Text text={formatCount(entries)} />],
            ["Last hash", <Text text={head} mono />],
            ["Signed checkpoints", <Text text={formatCount(checkpoints)} />],
            [
              "Vouched for until",
              <Text text={vouched_until === 0 ? "no entry yet" : `entry ${vouched_until}`} />,
            ],
          ]}
        />
      </Panel>
    </>
  );
}
