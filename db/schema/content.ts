/**
 * The table of `content.sqlite`: one row a part of a request's content, sealed, or the reference to its object, or why there is
 * none. A file of its own, because it is written by a thread of its own: the ledger's commits never wait for it.
 */
import { sql } from "drizzle-orm";
import { blob, check, index, integer, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";

const isHex = (column: string, digits: number) =>
  `(length("${column}") = ${digits} and "${column}" not glob '*[^0-9a-f]*')`;
const isOneOf = (column: string, values: readonly string[]) =>
  `"${column}" in (${values.map((value) => `'${value}'`).join(", ")})`;

export const content = sqliteTable(
  "content",
  {
    traceId: text("trace_id").notNull(),
    spanId: text("span_id").notNull(),
    field: text().notNull(),
    timeMs: integer("time_ms").notNull(),
    /** What the envelope is: `encrypted` or `plaintext`. */
    mode: text().notNull(),
    /** Where it is: `inline`, `object` or `omitted`. */
    state: text().notNull(),
    envelope: blob({ mode: "buffer" }),
    /** Below the content directory: `<day>/<2 hex digits>/<32 hex digits>`. */
    object: text(),
    /** Of the envelope; 0 if there is none. */
    sizeBytes: integer("size_bytes").notNull(),
    /** Of the envelope, lower-case hex. */
    sha256: text(),
    /** Why the part was omitted. */
    reason: text(),
  },
  (table) => [
    unique("content_part").on(table.traceId, table.field),
    index("content_time").on(table.timeMs),
    index("content_object")
      .on(table.object)
      .where(sql`object is not null`),
    check("content_ids", sql.raw(`${isHex("trace_id", 32)} and ${isHex("span_id", 16)}`)),
    check("content_field", sql.raw(isOneOf("field", ["input", "output"]))),
    check("content_mode", sql.raw(isOneOf("mode", ["encrypted", "plaintext"]))),
    check(
      "content_state",
      sql.raw(
        [
          `("state" = 'inline' and "envelope" is not null and "object" is null and "reason" is null)`,
          `("state" = 'object' and "envelope" is null and "object" is not null and "reason" is null)`,
          `("state" = 'omitted' and "envelope" is null and "object" is null and "reason" is not null)`,
        ].join(" or "),
      ),
    ),
    check(
      "content_object_name",
      sql.raw(
        `"object" is null or (length("object") = 46 and "object" not glob '*[^0-9a-f/-]*' and "object" not like '%..%')`,
      ),
    ),
    check("content_sha256", sql.raw(`"sha256" is null or ${isHex("sha256", 64)}`)),
    check(
      "content_reason",
      sql.raw(
        `"reason" is null or ${isOneOf("reason", ["too_large", "queue_full", "store_full", "store_failed", "sealer_failed"])}`,
      ),
    ),
  ],
);
