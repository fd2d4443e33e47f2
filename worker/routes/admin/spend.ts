/** `GET /admin/spend` and `/admin/spend/records`: who spent what. */
import { t } from "elysia";
import { LEDGER_FILTERS, SPEND_GROUPS, type MetadataValue } from "../../../db/store.ts";
import type { Deps } from "../../deps.ts";
import { ownHeaders } from "../../pipeline/respond.ts";
import { AdminError } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { toCsv } from "./csv.ts";
import { schemaEach } from "./schema-each.ts";
import {
  LedgerRecord,
  spendReport,
  toGroupJson,
  toLedgerRecord,
  toSumsJson,
} from "./spend-json.ts";
import { metadataNames, parseFormat, parseRecordsQuery, parseSpendQuery } from "./spend-query.ts";

const Text = (description: string) => t.Optional(t.String({ description }));

const describeFilter = (name: string) => Text(`Rows with this ${name}; empty: rows without one`);
const range = {
  from: Text("Inclusive; a date (UTC) or RFC 3339. Default: 30 days before `to`"),
  to: Text("Exclusive; default: now"),
  limit: Text("1 to 1000, default 100"),
};

/**
 * Described here, checked in `spend-query.ts`: the framework would drop unknown names in silence.
 * @param kept what the operator named in `ANYRAY_METADATA_KEYS`
 */
function describeParameters(kept: readonly string[]) {
  const filters = {
    ...schemaEach([...LEDGER_FILTERS, "model"], describeFilter),
    ...schemaEach(kept, describeFilter),
  };
  const groups = [...SPEND_GROUPS, ...kept].join(", ");
  return {
    spend: t.Object(
      {
        ...range,
        group_by: Text(`One or more of ${groups}, joined by commas`),
        tz: Text("IANA time zone of `day` and `hour`, default UTC"),
        format: Text(
          "json (default) or csv: a line a group, or one of the totals without grouping",
        ),
        ...filters,
      },
      { additionalProperties: true },
    ),
    records: t.Object(
      {
        ...range,
        cursor: Text("`next_cursor` of the page before"),
        format: Text("json (default) or csv"),
        ...filters,
      },
      { additionalProperties: true },
    ),
  };
}

export function spendRoutes(deps: Deps) {
  const kept = metadataNames(deps.metadataKeys);
  const parameters = describeParameters(kept);
  return (
    adminGroup(deps, "/admin/spend", "spend")
      // A hook, because a schema and a text answer don't go together. `async`, or the framework would check the promise itself.
      .onBeforeHandle(async ({ request }) => {
        if (parseFormat(request) === "json") return undefined;
        const isRecords = new URL(request.url).pathname.endsWith("/records");
        return isRecords ? recordsCsv(deps, kept, request) : spendCsv(deps, kept, request);
      })
      .get(
        "",
        async ({ request }) => {
          const query = parseSpendQuery(request.url, deps.clock.now(), kept);
          const report = await deps.store.ledger.spend(query);
          return {
            from: new Date(query.fromMs).toISOString(),
            to: new Date(query.toMs).toISOString(),
            tz: query.timeZone,
            totals: toSumsJson(report.totals),
            groups: report.groups.map(toGroupJson),
            group_names: [...SPEND_GROUPS, ...kept],
          };
        },
        {
          query: parameters.spend,
          response: { 200: spendReport(kept), 400: AdminError, 401: AdminError },
          detail: {
            tags: ["Spend"],
            summary: "Sums over the ledger, by any grouping, the costliest first; JSON or CSV",
            security: [{ adminToken: [] }],
          },
        },
      )
      .get(
        "/records",
        async ({ request }) => {
          const { rows, next_cursor } = await readRecords(deps, kept, request);
          return { records: rows.map(toLedgerRecord), next_cursor };
        },
        {
          query: parameters.records,
          response: {
            200: t.Object(
              { records: t.Array(LedgerRecord), next_cursor: t.Union([t.String(), t.Null()]) },
              { description: "One page" },
            ),
            400: AdminError,
            401: AdminError,
            403: AdminError,
          },
          detail: {
            tags: ["Spend"],
            summary: "Ledger rows, newest first; JSON or CSV",
            security: [{ adminToken: [] }],
          },
        },
      )
  );
}

async function readRecords(deps: Deps, kept: readonly MetadataValue[], request: Request) {
  const query = parseRecordsQuery(request.url, deps.clock.now(), kept);
  const rows = await deps.store.ledger.records(query);
  return { rows, next_cursor: rows.length < query.limit ? null : (rows.at(-1)?.id ?? null) };
}

async function recordsCsv(
  deps: Deps,
  kept: readonly MetadataValue[],
  request: Request,
): Promise<Response> {
  const { rows, next_cursor } = await readRecords(deps, kept, request);
  const headers = csvHeaders(deps);
  if (next_cursor !== null) headers.push(["x-anyray-next-cursor", next_cursor]);
  const columns = Object.keys(LedgerRecord.properties).filter((name) => name !== "metadata");
  const cells = rows.map((row) => {
    const { metadata, ...record } = toLedgerRecord(row);
    const values = deps.metadataKeys.map((key, at) => [kept[at], metadata[key] ?? null]);
    return { ...record, ...Object.fromEntries(values) };
  });
  return new Response(toCsv([...columns, ...kept], cells), { headers });
}

async function spendCsv(
  deps: Deps,
  kept: readonly MetadataValue[],
  request: Request,
): Promise<Response> {
  const query = parseSpendQuery(request.url, deps.clock.now(), kept);
  const { totals, groups } = await deps.store.ledger.spend(query);
  const lines = query.groupBy.length === 0 ? [toSumsJson(totals)] : groups.map(toGroupJson);
  const columns = [...query.groupBy, ...Object.keys(toSumsJson(totals))];
  return new Response(toCsv(columns, lines), { headers: csvHeaders(deps) });
}

function csvHeaders(deps: Deps): [string, string][] {
  return [
    ["content-type", "text/csv; charset=utf-8"],
    ["content-disposition", 'attachment; filename="spend.csv"'],
    ...ownHeaders(deps.ids.traceId()),
  ];
}
