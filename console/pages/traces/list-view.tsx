/** The Traces page: what to look for, and what was found, newest first. */
import type { AdminApi } from "../../api.ts";
import { FilterForm, Hidden, SelectField, TextField } from "../../components/form.tsx";
import { PageHead } from "../../components/head.tsx";
import { Later } from "../../components/later.tsx";
import { OUTCOMES, outcomeText } from "../../components/outcome.tsx";
import { RangePicker } from "../../components/range-picker.tsx";
import { RequestTable } from "../../components/requests.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Pager } from "../../components/table.tsx";
import { dayOf, type Range } from "../../range.ts";
import { linkWith, type Visit } from "../../visit.ts";
import { activeFilters, labelOf, type FilterName, type Filters } from "./query.ts";

export type TracesAnswer = NonNullable<Awaited<ReturnType<AdminApi["traces"]["get"]>>["data"]>;

export interface Question {
  readonly range: Range;
  readonly filters: Filters;
  /** What was typed as a trace's id, and is none. */
  readonly wanted: string;
}

/** @param found what stands below the question */
export function tracesView(visit: Visit, question: Question, found: JSX.Element): JSX.Element {
  const { range, filters } = question;
  return (
    <>
      <PageHead
        title="Traces"
        lead="Every request, attempt by attempt. What was said in it stands nowhere here."
      >
        <RangePicker range={range} hrefFor={(name) => rangeLink(visit, name)} />
      </PageHead>
      <Fields question={question} />
      <Chips visit={visit} filters={filters} />
      {found}
    </>
  );
}

export function refusalView(message: string): JSX.Element {
  return <Notice tone="bad" title={message} />;
}

/** Looking through a long range takes longer than a page should. */
export function SearchLater({ visit }: { readonly visit: Visit }) {
  return <Later visit={visit} from={linkWith(visit, { part: "found" })} what="what was found" />;
}

/** Another range begins with its newest; dates that were typed give way. */
function rangeLink(visit: Visit, name: string): string {
  return linkWith(visit, { range: name, from: null, to: null, cursor: null, part: null });
}

/** What is asked for most; the others are a click away, and shown where they are in force. */
const FIRST = ["user", "team", "model", "session"] as const;
const MORE = ["provider", "status", "min_latency_ms", "min_cost_usd"] as const;

function isMoreActive(filters: Filters): boolean {
  return MORE.some((name) => filters[name] !== undefined);
}

interface NameFieldProps {
  readonly name: FilterName;
  readonly filters: Filters;
  readonly placeholder?: string;
}

function NameField({ name, filters, placeholder = "any" }: NameFieldProps) {
  return (
    <TextField
      name={name}
      label={labelOf(name)}
      value={filters[name] ?? ""}
      placeholder={placeholder}
      type="search"
    />
  );
}

const ANY = { value: "", label: "any" };

function Fields({ question }: { readonly question: Question }) {
  const { range, filters, wanted } = question;
  const isByDates = range.name === null;
  return (
    <FilterForm action="/traces">
      {FIRST.map((name) => (
        <NameField name={name} filters={filters} />
      ))}
      <SelectField
        name="outcome"
        label={labelOf("outcome")}
        value={filters.outcome ?? ""}
        choices={[ANY, ...OUTCOMES.map((value) => ({ value, label: outcomeText(value) }))]}
        submits
      />
      <details class="filter-more" open={isByDates || wanted !== "" || isMoreActive(filters)}>
        <summary>More filters</summary>
        <div>
          <NameField name="provider" filters={filters} />
          <NameField name="status" filters={filters} />
          <NameField name="min_latency_ms" filters={filters} placeholder="0" />
          <NameField name="min_cost_usd" filters={filters} placeholder="0.00" />
          <TextField
            name="from"
            label="From"
            type="date"
            value={isByDates ? dayOf(range.fromMs) : ""}
          />
          <TextField
            name="to"
            label="To"
            type="date"
            value={isByDates ? dayOf(range.toMs - 1) : ""}
          />
          <TextField
            name="id"
            label="Or a trace's id"
            value={wanted}
            placeholder="32 hex digits"
            type="search"
          />
        </div>
      </details>
      {range.name === null ? null : <Hidden name="range" value={range.name} />}
    </FilterForm>
  );
}

/** What is filtered by, each to be taken off by a click. */
function Chips({ visit, filters }: { readonly visit: Visit; readonly filters: Filters }) {
  const active = activeFilters(filters);
  if (active.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters in force">
      {active.map(([name, value]) => (
        <li>
          <a href={linkWith(visit, { [name]: null, cursor: null })}>
            <span class="hidden">Take off: </span>
            <span safe>{`${labelOf(name)}: ${value}`}</span>
            <span aria-hidden="true"> ×</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function foundView(visit: Visit, question: Question, answer: TracesAnswer): JSX.Element {
  const { range, filters } = question;
  const { traces, next_cursor: next } = answer;
  const cursor = visit.query.get("cursor");
  return (
    <div class="panel">
      <RequestTable
        caption={`Requests, newest first, ${range.label}`}
        rows={traces}
        zone={visit.preferences.zone}
        empty={
          <Nothing visit={visit} range={range} isFiltered={activeFilters(filters).length > 0} />
        }
      />
      <Pager
        first={cursor === null ? null : linkWith(visit, { cursor: null, part: null })}
        next={next === null ? null : linkWith(visit, { cursor: next, part: null })}
      />
    </div>
  );
}

interface NothingProps {
  readonly visit: Visit;
  readonly range: Range;
  readonly isFiltered: boolean;
}

function Nothing({ visit, range, isFiltered }: NothingProps) {
  const where = range.name === null ? range.label : `the last ${range.label}`;
  return (
    <Empty
      title={isFiltered ? "No requests match" : `No requests in ${where}`}
      hint={
        isFiltered
          ? `Nothing in ${where} is like that. Take a filter off, or look at a longer range.`
          : "A request shows up here the moment its answer has ended."
      }
    >
      {range.name === "90d" ? null : (
        <a class="button" href={rangeLink(visit, "90d")}>
          All of 90 days
        </a>
      )}
    </Empty>
  );
}
