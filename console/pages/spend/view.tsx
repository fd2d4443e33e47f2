/** The Spend page: what to look at, the sum and its change, its course, and each group with its own change. */
import type { AdminApi } from "../../api.ts";
import { stepLabel } from "../../components/charts/labels.ts";
import { FilterForm, Hidden, SelectField, TextField } from "../../components/form.tsx";
import {
  formatChange,
  formatCompact,
  formatCount,
  formatShare,
  formatSumUsd,
  formatUsd,
  plural,
  toNumber,
} from "../../components/format.ts";
import { PageHead, Panel, Text } from "../../components/head.tsx";
import { Icon } from "../../components/icon.tsx";
import { Later } from "../../components/later.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { dayOf, rangeQuery, type Range } from "../../range.ts";
import { linkWith, type Visit } from "../../visit.ts";
import { courseView, type CourseFacts } from "./course-view.tsx";
import {
  apiFilters,
  FIELD_FILTERS,
  GROUP_LABELS,
  isByTime,
  labelOf,
  nameIn,
  NONE,
  type SpendQuestion,
} from "./query.ts";

type SpendReport = NonNullable<Awaited<ReturnType<AdminApi["spend"]["get"]>>["data"]>;
type Group = SpendReport["groups"][number];

export interface SpendFacts {
  readonly range: Range;
  readonly question: SpendQuestion;
  /** Null where the question was refused; `later`: the page asks for it when it stands. */
  readonly answer: SpendAnswer | "later" | null;
  readonly refusal: string | null;
}

export interface SpendAnswer {
  readonly report: SpendReport;
  readonly before: SpendReport;
  /** Whether `before` has all groups, so that one that is missing is new. */
  readonly isBeforeWhole: boolean;
  /** Null: it comes later. */
  readonly course: CourseFacts | null;
}

export function spendView(visit: Visit, facts: SpendFacts): JSX.Element {
  const { range, answer, refusal } = facts;
  return (
    <>
      <PageHead title="Spend" lead="Every request is in here once, whoever made it.">
        <RangePicker range={range} hrefFor={(name) => rangeLink(visit, name)} />
      </PageHead>
      <Question facts={facts} />
      <Filters visit={visit} facts={facts} />
      {refusal === null ? null : refusalView(refusal)}
      {answer === null ? null : answer === "later" ? (
        <Later visit={visit} from={`/spend/answer${visit.url.search}`} what="the figures" />
      ) : (
        answerView(visit, { ...facts, answer })
      )}
    </>
  );
}

export function refusalView(refusal: string): JSX.Element {
  return <Notice tone="bad" title={refusal} />;
}

/** Dates that were typed give way to a range that is picked. */
function rangeLink(visit: Visit, name: string): string {
  return linkWith(visit, { range: name, from: null, to: null });
}

/** Those that the API names; before it answered, those that are known, and those that were asked for. */
function groupChoices(report: SpendReport | null, asked: readonly string[]) {
  const names = report?.group_names ?? [...new Set([...Object.keys(GROUP_LABELS), ...asked])];
  const known = ["user", "team", "model", "provider", "key_id", "session", "endpoint", "outcome"];
  const order = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  return names
    .toSorted((a, b) => order(a) - order(b))
    .map((value) => ({ value, label: labelOf(value) }));
}

function Question({ facts }: { readonly facts: SpendFacts }) {
  const { range, question, answer } = facts;
  const report = answer === null || answer === "later" ? null : answer.report;
  const choices = groupChoices(report, question.groupBy);
  const [first = "user", second = ""] = question.groupBy;
  const isByDates = range.name === null;
  const fields: readonly string[] = FIELD_FILTERS;
  const others = Object.entries(question.filters).filter(([name]) => !fields.includes(name));
  return (
    <FilterForm action="/spend">
      <SelectField name="group_by" label="Group by" value={first} choices={choices} submits />
      <SelectField
        name="group_by"
        suffix="2"
        label="And by"
        value={second}
        choices={[{ value: "", label: "–" }, ...choices]}
        submits
      />
      {FIELD_FILTERS.map((name) => (
        <TextField
          name={name}
          label={labelOf(name)}
          value={question.filters[name] ?? ""}
          placeholder="any"
          type="search"
        />
      ))}
      <TextField
        name="from"
        label="From"
        type="date"
        value={isByDates ? dayOf(range.fromMs) : ""}
      />
      <TextField name="to" label="To" type="date" value={isByDates ? dayOf(range.toMs - 1) : ""} />
      {range.name === null ? null : <Hidden name="range" value={range.name} />}
      {others.map(([name, value]) => (
        <Hidden name={name} value={value} />
      ))}
    </FilterForm>
  );
}

/** What is filtered by, each to be taken off by a click. */
function Filters({ visit, facts }: { readonly visit: Visit; readonly facts: SpendFacts }) {
  const active = Object.entries(facts.question.filters);
  if (active.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters in force">
      {active.map(([name, value]) => (
        <li>
          <a href={linkWith(visit, { [name]: null })}>
            <span class="hidden">Take off: </span>
            <span safe>{`${labelOf(name)}: ${value}`}</span>
            <span aria-hidden="true"> ×</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

interface AnswerFacts extends Pick<SpendFacts, "range" | "question"> {
  readonly answer: SpendAnswer;
}

export function answerView(visit: Visit, facts: AnswerFacts): JSX.Element {
  const { question, answer } = facts;
  const { report, before, course } = answer;
  const { totals } = report;
  if (totals.requests === 0) {
    return (
      <div class="panel">
        <Empty title="No requests match" hint="Take a filter off, or look at a longer range.">
          <a class="button" href="/spend?range=90d">
            All of 90 days
          </a>
        </Empty>
      </div>
    );
  }
  return (
    <>
      <div class="stats">
        <Stat
          label="Spend"
          value={formatUsd(totals.cost_usd)}
          exact={`${totals.cost_usd} US dollars`}
          change={formatChange(toNumber(totals.cost_usd), toNumber(before.totals.cost_usd))}
          note={estimatedNote(report)}
        />
        <Stat
          label="Requests"
          value={formatCompact(totals.requests)}
          exact={formatCount(totals.requests)}
          change={formatChange(totals.requests, before.totals.requests)}
          {...(totals.unpriced_requests === 0
            ? {}
            : { note: `${formatCompact(totals.unpriced_requests)} unpriced` })}
        />
        <Stat
          label="Tokens in"
          value={formatCompact(totals.input_tokens)}
          exact={formatCount(totals.input_tokens)}
          change={formatChange(totals.input_tokens, before.totals.input_tokens)}
          note={`${formatShare(totals.cached_input_tokens / totals.input_tokens)} from cache`}
        />
        <Stat
          label="Tokens out"
          value={formatCompact(totals.output_tokens)}
          exact={formatCount(totals.output_tokens)}
          change={formatChange(totals.output_tokens, before.totals.output_tokens)}
        />
      </div>
      {course === null ? (
        <Later
          visit={visit}
          from={`/spend/course${visit.url.search}`}
          what="the course over time"
        />
      ) : (
        courseView(visit, course)
      )}
      <Panel
        title={question.groupBy.map(labelOf).join(" and ")}
        hint="Change: against the period before"
      >
        <Groups visit={visit} facts={facts} />
      </Panel>
      <p class="after">
        <a class="button" href={groupsCsvLink(facts)} download="spend-groups.csv">
          <Icon name="download" />
          Sums as CSV
        </a>
        <a class="button" href={csvLink(facts)} download="spend.csv">
          <Icon name="download" />
          Rows as CSV
        </a>
      </p>
    </>
  );
}

function estimatedNote({ totals }: SpendReport): string {
  const share = toNumber(totals.estimated_cost_usd) / toNumber(totals.cost_usd);
  return share > 0 ? `${formatShare(share)} estimated` : "";
}

function Groups({ visit, facts }: { readonly visit: Visit; readonly facts: AnswerFacts }) {
  const { question, range, answer } = facts;
  const { report, before } = answer;
  const { groupBy } = question;
  const keyOf = (group: Group) => JSON.stringify(groupBy.map((by) => nameIn(group, by)));
  const earlier = new Map(before.groups.map((group) => [keyOf(group), group]));
  const isOverTime = isByTime(question);
  const rows = isOverTime
    ? report.groups.toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)))
    : report.groups;
  const columns: Column<Group>[] = [
    ...groupBy.map((by) => ({
      head: labelOf(by),
      cell: (group: Group) => <GroupName visit={visit} by={by} name={nameIn(group, by)} />,
    })),
    {
      head: "Spend",
      align: "right",
      cell: (group) => (
        <span title={group.cost_usd} safe>
          {formatSumUsd(group)}
        </span>
      ),
    },
    {
      head: "Share",
      align: "right",
      cell: (group) => (
        <Text text={formatShare(toNumber(group.cost_usd) / toNumber(report.totals.cost_usd))} />
      ),
    },
    ...(isOverTime
      ? []
      : [
          {
            head: "Change",
            align: "right" as const,
            minor: true,
            cell: (group: Group) => {
              const was = earlier.get(keyOf(group));
              const change = formatChange(
                toNumber(group.cost_usd),
                toNumber(was?.cost_usd ?? null),
              );
              const isNew = was === undefined && answer.isBeforeWhole;
              return <Text text={change ?? (isNew ? "new" : "–")} />;
            },
          },
        ]),
    {
      head: "Requests",
      align: "right",
      cell: (group) => <Text text={formatCount(group.requests)} />,
    },
    {
      head: "Tokens in",
      align: "right",
      minor: true,
      cell: (group) => <Text text={formatCount(group.input_tokens)} />,
    },
    {
      head: "Tokens out",
      align: "right",
      minor: true,
      cell: (group) => <Text text={formatCount(group.output_tokens)} />,
    },
  ];
  const caption = `Spend by ${groupBy.map(labelOf).join(" and ")}, ${range.label}`;
  return (
    <>
      <Table caption={caption} columns={columns} rows={rows} empty={<Text text="No groups." />} />
      {report.groups.length < 100 ? null : (
        <p class="more muted" safe>
          {`${plural(report.groups.length, "group")} are shown; the sums above are of all.`}
        </p>
      )}
    </>
  );
}

function timeOf(group: Group): string {
  return group.hour ?? group.day ?? "";
}

/** A name leads to what is behind it: the same page, for it alone. */
function GroupName(props: {
  readonly visit: Visit;
  readonly by: string;
  readonly name: string | null;
}) {
  const { visit, by, name } = props;
  if (by === "day" || by === "hour") {
    return <Text text={stepLabel(name ?? "", visit.preferences.zone)} />;
  }
  const shown = name ?? `No ${labelOf(by).toLowerCase()}`;
  if (by.startsWith("metadata.")) return <Text text={shown} />;
  return (
    <a
      href={linkWith(visit, { [by]: name ?? NONE, group_by: by === "model" ? "user" : "model" })}
      safe
    >
      {shown}
    </a>
  );
}

/** The gateway's own file, handed on by `/spend.csv`. */
function csvLink(facts: AnswerFacts): string {
  return `/spend.csv?${fileQuery(facts)}`;
}

/** Of the table that stands here, handed on by `/spend/groups.csv`. */
function groupsCsvLink(facts: AnswerFacts): string {
  const query = fileQuery(facts);
  query.set("group_by", facts.question.groupBy.join(","));
  return `/spend/groups.csv?${query}`;
}

function fileQuery({ range, question }: AnswerFacts): URLSearchParams {
  return new URLSearchParams({ ...rangeQuery(range), ...apiFilters(question.filters) });
}
