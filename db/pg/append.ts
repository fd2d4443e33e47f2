/**
 * Rows into the ledger: as many as there are in one transaction, each with the response that it issued and with what it adds to caps. A row
 * that is there already adds nothing, so that whoever does not know whether it arrived may send it again.
 */
import { sql } from "drizzle-orm";
import { getTableConfig } from "drizzle-orm/pg-core";
import { capReservation } from "../schema/pg-shared.ts";
import { issuedResponse, ledger } from "../schema/pg.ts";
import type { CapCharge, LedgerRow } from "../store.ts";
import type { Orm, PgDatabase } from "./database.ts";
import { isRefusedRow } from "./fault.ts";
import type { Partitions } from "./partitions.ts";

/** A row, and what belongs to it. */
export interface Parcel {
  readonly row: LedgerRow;
  readonly responseId: string | null;
  readonly charges: readonly CapCharge[];
}

export interface Appender {
  /**
   * Resolves when all are there, or refused for good: those are returned, with why.
   * @throws (rejects with) StoreUnavailable; what is there then, is there whole
   */
  append(parcels: readonly Parcel[]): Promise<ReadonlyMap<Parcel, unknown>>;
}

export function createAppender(database: PgDatabase, partitions: Partitions): Appender {
  async function append(parcels: readonly Parcel[]): Promise<ReadonlyMap<Parcel, unknown>> {
    try {
      await partitions.ensure(parcels.map(({ row }) => row.traceId));
      await database.transaction((tx) => insert(tx, parcels));
      return new Map();
    } catch (error) {
      if (!isRefusedRow(error)) throw error;
      const [first, ...rest] = parcels;
      if (first !== undefined && rest.length === 0) return new Map([[first, error]]);
    }
    // One of them spoils it for all: halves, until it is found.
    const middle = Math.ceil(parcels.length / 2);
    const refused = await append(parcels.slice(0, middle));
    return new Map([...refused, ...(await append(parcels.slice(middle)))]);
  }
  return { append };
}

/** By the schema: names in the database, types, members of the record. */
const COLUMNS = getTableConfig(ledger).columns;
const MEMBERS = new Map(
  Object.entries(ledger).map(([member, column]) => [column, member as keyof LedgerRow]),
);

/** The rows go over as one JSON text: the driver has one parameter to encode, whatever their number. */
const INSERT_ROWS = (() => {
  const names = COLUMNS.map(({ name }) => `"${name}"`).join(", ");
  const types = COLUMNS.map((column) => `"${column.name}" ${column.getSQLType()}`).join(", ");
  return `insert into "ledger" (${names}) select ${names} from json_to_recordset($1::text::json) as given (${types})
    on conflict ("trace_id", "attempt") do nothing returning "trace_id" as "traceId", "attempt"`;
})();

function toJson(rows: readonly LedgerRow[]): string {
  const records = rows.map((row) =>
    Object.fromEntries(
      COLUMNS.map((column) => {
        const value = row[MEMBERS.get(column) ?? "id"];
        return [column.name, typeof value === "bigint" ? String(value) : value];
      }),
    ),
  );
  return JSON.stringify(records);
}

async function insert(tx: Orm, parcels: readonly Parcel[]): Promise<void> {
  const inserted = await tx.execute(rawWith(INSERT_ROWS, toJson(parcels.map(({ row }) => row))));
  // Rows of the driver, whatever its result is called.
  const fresh = new Set(
    (inserted as unknown as readonly { traceId: string; attempt: string }[]).map(
      ({ traceId, attempt }) => `${traceId} ${attempt}`,
    ),
  );
  const isNew = ({ row }: Parcel) => fresh.has(`${row.traceId} ${row.attempt}`);
  await insertResponses(tx, parcels);
  await addCharges(tx, newCharges(parcels.filter(isNew)));
  const ended = parcels.filter(({ row }) => row.status !== null || row.outcome === "crashed");
  await release(tx, [...new Set(ended.map(({ row }) => row.traceId))]);
}

/** Of two parcels with one row the first was inserted. */
function newCharges(parcels: readonly Parcel[]): readonly CapCharge[] {
  const seen = new Set<string>();
  return parcels.flatMap(({ row, charges }) => {
    const place = `${row.traceId} ${row.attempt}`;
    if (seen.has(place)) return [];
    seen.add(place);
    return charges;
  });
}

async function insertResponses(tx: Orm, parcels: readonly Parcel[]): Promise<void> {
  const issued = parcels.flatMap(({ row, responseId }) =>
    responseId === null || row.provider === null
      ? []
      : [{ responseId, keyId: row.keyId, provider: row.provider, timeMs: row.timeMs }],
  );
  if (issued.length > 0) await tx.insert(issuedResponse).values(issued).onConflictDoNothing();
}

/** In the order of the keys, as `reservations.ts` locks them. */
async function addCharges(tx: Orm, charges: readonly CapCharge[]): Promise<void> {
  if (charges.length === 0) return;
  const given = charges.map((charge) => ({ ...charge, amount: String(charge.amount) }));
  await tx.execute(
    rawWith(
      `insert into "cap_usage" ("cap_id", "subject", "window_start_ms", "used")
        select "capId", "subject", "windowStartMs", sum("amount")
        from json_to_recordset($1::text::json) as given ("capId" text, "subject" text, "windowStartMs" bigint, "amount" numeric)
        group by "capId", "subject", "windowStartMs" order by "capId" collate "C", "subject" collate "C", "windowStartMs"
        on conflict ("cap_id", "subject", "window_start_ms") do update set "used" = "cap_usage"."used" + excluded."used"`,
      JSON.stringify(given),
    ),
  );
}

/** No further row of these requests follows: what they held is free. */
async function release(tx: Orm, traceIds: readonly string[]): Promise<void> {
  if (traceIds.length === 0) return;
  await tx.delete(capReservation).where(sql`${capReservation.traceId} = any(${asArray(traceIds)})`);
}

/** Ids hold nothing that an array's text form would have to escape. */
function asArray(ids: readonly string[]) {
  return sql`${`{${ids.join(",")}}`}::text[]`;
}

/** A statement written out, with one parameter `$1`. */
function rawWith(text: string, parameter: string) {
  const [before = "", after = ""] = text.split("$1");
  return sql`${sql.raw(before)}${parameter}${sql.raw(after)}`;
}
