/** The two schemas are one, hold nothing but what is listed here, and the ledger refuses prose by itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SQL } from "drizzle-orm";
import { getTableConfig as pgTable, PgDialect, type PgTable } from "drizzle-orm/pg-core";
import {
  getTableConfig as sqliteTable,
  SQLiteSyncDialect,
  type SQLiteTable,
} from "drizzle-orm/sqlite-core";
import {
  DIALECTS,
  ENDPOINTS,
  FINISH_REASONS,
  isIdentity,
  OPAQUE_ENDPOINTS,
  OUTCOMES,
  USAGE_SOURCES,
} from "../../worker/chat.ts";
import { CONTENT_MODES } from "../../worker/privacy/mode.ts";
import { makeRow } from "../contract/rows.ts";
import { openDatabase, type SqliteDatabase } from "../sqlite/database.ts";
import {
  ENUMS,
  LEDGER_COUNTS,
  LEDGER_NAMES,
  LEDGER_OPTIONAL_COUNTS,
  OPTIONAL_ENUMS,
} from "./bounds.ts";
import * as pg from "./pg.ts";
import * as sqlite from "./sqlite.ts";

/**
 * Every column that a store may have, and why it holds no content. A new column fails here first.
 * - id: minted by us; - enum: a closed list; - name: the identity pattern; - number: a count, an amount or a time;
 * - hash: of a secret; - json: closed keys, decimal strings and names.
 */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ledger: {
    id: "id",
    trace_id: "id",
    ...Object.fromEntries(Object.keys(ENUMS).map((column) => [column, "enum"])),
    ...Object.fromEntries(LEDGER_NAMES.map((column) => [column, "name"])),
    ...Object.fromEntries(
      [...LEDGER_COUNTS, ...LEDGER_OPTIONAL_COUNTS].map((column) => [column, "number"]),
    ),
    cost_pico_usd: "number",
    saved_pico_usd: "number",
    finish_reason: "enum",
    content_mode: "enum",
    caller_span: "id",
    metadata: "json",
  },
  issued_response: { response_id: "name", key_id: "name", provider: "name", time_ms: "number" },
  client_key: {
    id: "name",
    secret_hash: "hash",
    display: "name",
    name: "name",
    user: "name",
    team: "name",
    metadata: "enum",
    passthrough: "name",
    models: "json",
    created_at_ms: "number",
    expires_at_ms: "number",
    revoked_at_ms: "number",
    description: "name",
    endpoints: "json",
    previous_hash: "hash",
    previous_until_ms: "number",
  },
  invite: {
    id: "name",
    secret_hash: "hash",
    name: "name",
    description: "name",
    user: "name",
    team: "name",
    metadata: "enum",
    passthrough: "name",
    models: "json",
    endpoints: "json",
    key_expires_at_ms: "number",
    created_at_ms: "number",
    expires_at_ms: "number",
    redeemed_at_ms: "number",
    revoked_at_ms: "number",
    key_id: "name",
  },
  cap: {
    id: "name",
    scope: "enum",
    scope_id: "name",
    unit: "enum",
    amount: "number",
    window: "enum",
    time_zone: "name",
    mode: "enum",
    warn_percent: "number",
    created_at_ms: "number",
    version: "number",
  },
  cap_usage: { cap_id: "name", subject: "name", window_start_ms: "number", used: "number" },
  rate_limit: {
    id: "name",
    scope: "enum",
    scope_id: "name",
    requests_per_minute: "number",
    tokens_per_minute: "number",
    concurrent: "number",
    created_at_ms: "number",
    version: "number",
  },
  admin_account: {
    name: "name",
    role: "enum",
    password_hash: "hash",
    created_at_ms: "number",
    disabled_at_ms: "number",
  },
  admin_token: {
    id: "name",
    secret_hash: "hash",
    kind: "enum",
    name: "name",
    role: "enum",
    created_at_ms: "number",
    expires_at_ms: "number",
    ended_at_ms: "number",
  },
  claimed_user: { key_id: "name", user: "name", day: "id" },
  claimed_team: { key_id: "name", team: "name", day: "id" },
  price_override: {
    provider: "name",
    model: "name",
    price: "json",
    version: "name",
    created_at_ms: "number",
  },
  setting: {
    name: "name",
    value: "json",
    version: "number",
    changed_at_ms: "number",
    changed_by: "name",
  },
  audit: {
    seq: "number",
    time_ms: "number",
    actor: "name",
    action: "name",
    target: "name",
    before: "json",
    after: "json",
    prev_hash: "hash",
    hash: "hash",
  },
};

// A module's exports have no common type; that each is a table is what `getTableConfig` needs.
const sqliteTables = Object.values(sqlite).map((table) => sqliteTable(table as SQLiteTable));
const pgTables = Object.values(pg).map((table) => pgTable(table as PgTable));

/** Columns of either dialect in the words of both. */
const KINDS: Readonly<Record<string, string>> = {
  SQLiteText: "text",
  PgText: "text",
  SQLiteInteger: "integer",
  PgInteger: "integer",
  PgBigInt53: "integer",
  SQLiteBoolean: "boolean",
  PgBoolean: "boolean",
  SQLiteNumericBigInt: "money",
  PgNumericBigInt: "money",
};

interface Check {
  readonly name: string;
  readonly value: SQL;
}

interface Column {
  readonly name: string;
  readonly columnType: string;
  readonly notNull: boolean;
  readonly primary: boolean;
  readonly isUnique: boolean;
}

const shape = (table: {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly primaryKeys: readonly { readonly columns: readonly { readonly name: string }[] }[];
  readonly indexes: readonly unknown[];
}) => ({
  name: table.name,
  columns: table.columns.map((column) => [
    column.name,
    KINDS[column.columnType] ?? column.columnType,
    column.notNull,
    column.primary,
    column.isUnique,
  ]),
  keys: table.primaryKeys.map((key) => key.columns.map((column) => column.name)),
  indexes: table.indexes.length,
});

describe("the schemas of both databases", () => {
  test("have the same tables, columns, types and keys in the same order", () => {
    expect(pgTables.map(shape)).toEqual(sqliteTables.map(shape));
  });

  test("have the same checks, but for the types that SQLite must check itself", () => {
    const names = (table: { readonly checks: readonly { readonly name: string }[] }) =>
      table.checks.map((check) => check.name);
    const onlySqlite = /^ledger_(?:money|counts)$|_nul$|_numbers$/;
    expect(pgTables.map(names)).toEqual(
      sqliteTables.map(names).map((list) => list.filter((name) => !onlySqlite.test(name))),
    );
  });

  test("stand in the migrations, check by check", () => {
    const dialects = [
      ["sqlite", sqliteTables, (check: Check) => new SQLiteSyncDialect().sqlToQuery(check.value)],
      ["pg", pgTables, (check: Check) => new PgDialect().sqlToQuery(check.value)],
    ] as const;
    for (const [name, tables, render] of dialects) {
      const folder = fileURLToPath(new URL(`../migrations/${name}`, import.meta.url));
      const text = readdirSync(folder)
        .filter((file) => file.endsWith(".sql"))
        .map((file) => readFileSync(join(folder, file), "utf8"))
        .join("\n");
      for (const check of tables.flatMap((table): readonly Check[] => table.checks)) {
        const { sql } = render(check);
        expect([name, check.name, text.includes(sql)]).toEqual([name, check.name, true]);
      }
    }
  });

  test("ask SQLite for no function that an old one lacks: on macOS it is the system's", () => {
    const checks = sqliteTables
      .flatMap((table): readonly Check[] => table.checks)
      .map((check) => new SQLiteSyncDialect().sqlToQuery(check.value).sql)
      // What stands in quotes is no call.
      .map((text) => text.replaceAll(/'[^']*'|"[^"]*"/g, ""));
    const called = checks.flatMap((text) => [...text.matchAll(/(\w+)\(/g)].map(([, name]) => name));
    expect([...new Set(called)].sort()).toEqual([
      "char",
      "coalesce",
      "instr",
      "length",
      "replace",
      "typeof",
    ]);
  });

  test("know the same lists as the gateway", () => {
    const { endpoint, dialect, usage_source, outcome } = ENUMS;
    // Counting tokens leaves no row.
    const billed = ENDPOINTS.filter((each) => each !== "count_tokens");
    expect([...endpoint]).toEqual([...billed, ...OPAQUE_ENDPOINTS]);
    expect([...dialect]).toEqual([...DIALECTS]);
    expect([[...usage_source], [...outcome]]).toEqual([[...USAGE_SOURCES], [...OUTCOMES]]);
    expect([...OPTIONAL_ENUMS.finish_reason]).toEqual([...FINISH_REASONS]);
    expect([...OPTIONAL_ENUMS.content_mode]).toEqual([...CONTENT_MODES]);
  });

  test("hold no column that is not known to be free of content", () => {
    const found = sqliteTables.map((table) => [
      table.name,
      table.columns.map((column) => column.name).sort(),
    ]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(
        Object.entries(ALLOWED).map(([table, columns]) => [table, Object.keys(columns).sort()]),
      ),
    );
  });

  test("keep text only where it is an id, a list, a name, a hash or closed JSON", () => {
    for (const table of sqliteTables) {
      for (const column of table.columns) {
        const isText = column.columnType === "SQLiteText";
        const reason = ALLOWED[table.name]?.[column.name];
        expect([table.name, column.name, reason === "number"]).toEqual([
          table.name,
          column.name,
          !isText,
        ]);
      }
    }
  });
});

const PROSE = [
  "Please summarise the attached contract",
  "What is my salary?",
  "line one\nline two",
  '{"role":"user"}',
  "a".repeat(129),
  "p@ss\tword",
  "<b>hi</b>",
  "name\0Please summarise the attached contract",
];

describe("a SQLite file", () => {
  const dir = mkdtempSync(join(tmpdir(), "anyray-schema-"));
  let database: SqliteDatabase;
  beforeAll(() => {
    database = openDatabase(join(dir, "schema.sqlite"), { sync: "normal" });
  });
  afterAll(() => {
    database.client.close();
    rmSync(dir, { recursive: true });
  });

  test("has the columns of the schema after its migrations", () => {
    for (const table of sqliteTables) {
      const columns = database.client
        .prepare(`SELECT name FROM pragma_table_info('${table.name}')`)
        .values();
      expect([table.name, columns.flat()]).toEqual([
        table.name,
        table.columns.map((column) => column.name),
      ]);
    }
  });

  test("has no table beside those of the schema", () => {
    const tables = database.client
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .values();
    const own = sqliteTables.map((table) => table.name);
    expect(tables.flat()).toEqual(["__drizzle_migrations", ...own].sort());
  });

  test("lays the ledger's rows in the order of their time", () => {
    const [row] = database.client
      .prepare("SELECT sql FROM sqlite_schema WHERE name = 'ledger'")
      .values();
    expect(String(row?.[0])).toMatch(/\) WITHOUT ROWID$/);
  });

  /** A statement that puts one value into one column of a table whose other columns are filled properly. */
  function put(table: string, good: Readonly<Record<string, unknown>>, column: string) {
    const names = Object.keys(good);
    const statement = database.client.prepare(
      `INSERT INTO "${table}" (${names.map((name) => `"${name}"`).join(",")}) VALUES (${names.map(() => "?").join(",")})`,
    );
    return (value: unknown) => {
      // Whatever is to be tried: the database must refuse it, not the type.
      const values = names.map((name) => (name === column ? value : good[name])) as never[];
      database.client.exec("SAVEPOINT trial");
      try {
        statement.run(...values);
      } finally {
        database.client.exec("ROLLBACK TO trial");
        database.client.exec("RELEASE trial");
      }
    };
  }

  const { ledger } = sqlite;
  const row = makeRow();
  const goodRow = Object.fromEntries(
    sqliteTable(ledger).columns.map((column) => {
      const [member] = Object.entries(ledger).find(([, each]) => each === column) ?? [""];
      // Members and columns are the same, by the record's type.
      const value = (row as unknown as Readonly<Record<string, unknown>>)[member];
      return [column.name, typeof value === "boolean" ? Number(value) : value];
    }),
  );
  const good: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    ledger: goodRow,
    issued_response: { response_id: "resp_1", key_id: "key_1", provider: "demo", time_ms: 1 },
    claimed_user: { key_id: "key_1", user: "ann", day: "2026-11-23" },
    claimed_team: { key_id: "key_1", team: "core", day: "2026-11-23" },
    client_key: {
      id: "key_1",
      secret_hash: "a".repeat(64),
      display: "abc123",
      name: "n",
      user: "u",
      team: "t",
      metadata: "fill",
      passthrough: "p",
      models: '["demo/*"]',
      created_at_ms: 1,
      description: "d",
      endpoints: '["chat"]',
      previous_hash: "b".repeat(64),
    },
    invite: {
      id: "inv_1",
      secret_hash: "a".repeat(64),
      name: "n",
      description: "d",
      user: "u",
      team: "t",
      metadata: "fill",
      passthrough: "p",
      models: '["demo/*"]',
      endpoints: '["chat"]',
      created_at_ms: 1,
      expires_at_ms: 2,
      key_id: "key_1",
    },
    cap: {
      id: "cap_1",
      scope: "user",
      scope_id: "ann",
      unit: "usd",
      amount: 1,
      window: "month",
      time_zone: "Europe/Berlin",
      mode: "hard",
      created_at_ms: 1,
      version: 1,
    },
    cap_usage: { cap_id: "cap_1", subject: "ann", window_start_ms: 1, used: 1 },
    rate_limit: { id: "rl_1", scope: "key", scope_id: "key_1", created_at_ms: 1, version: 1 },
    admin_account: {
      name: "ann",
      role: "viewer",
      password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
      created_at_ms: 1,
    },
    admin_token: {
      id: "ses_1",
      secret_hash: "a".repeat(64),
      kind: "session",
      name: "ann",
      role: "viewer",
      created_at_ms: 1,
    },
    price_override: {
      provider: "demo",
      model: "m",
      price: '{"prices":{"input":"1"}}',
      version: "v",
      created_at_ms: 1,
    },
  };

  test("takes rows that are well formed", () => {
    for (const [table, values] of Object.entries(good)) {
      put(table, values, "")(null);
    }
  });

  test("refuses prose in every column of the ledger", () => {
    for (const column of Object.keys(goodRow)) {
      const attempt = put("ledger", goodRow, column);
      for (const prose of PROSE) {
        // Names by key are just what that column holds.
        if (column === "metadata" && prose === '{"role":"user"}') continue;
        expect([column, prose, isRefused(() => attempt(prose))]).toEqual([column, prose, true]);
      }
      const bytes = new TextEncoder().encode(PROSE[0]);
      expect([column, isRefused(() => attempt(bytes))]).toEqual([column, true]);
    }
  });

  test("refuses prose in every name, id and list of the other tables", () => {
    for (const [table, columns] of Object.entries(ALLOWED)) {
      for (const [column, kind] of Object.entries(columns)) {
        const values = good[table];
        if (values === undefined || kind === "number" || kind === "json" || table === "ledger") {
          continue;
        }
        const attempt = put(table, values, column);
        for (const prose of PROSE) {
          expect([table, column, prose, isRefused(() => attempt(prose))]).toEqual([
            table,
            column,
            prose,
            true,
          ]);
        }
      }
    }
  });

  test("refuses prose in every number of the tables of administration", () => {
    for (const table of [
      "invite",
      "cap",
      "cap_usage",
      "rate_limit",
      "admin_account",
      "admin_token",
    ]) {
      for (const [column, kind] of Object.entries(ALLOWED[table] ?? {})) {
        if (kind !== "number") continue;
        const attempt = put(table, { [column]: null, ...good[table] }, column);
        expect([table, column, isRefused(() => attempt(PROSE[0]))]).toEqual([table, column, true]);
      }
    }
  });

  test("takes a few names by key as metadata, and nothing that says more", () => {
    const attempt = put("ledger", goodRow, "metadata");
    const members = (count: number, value: string) =>
      `{${Array.from({ length: count }, (_, at) => `"${"k".repeat(31)}${at}":"${value}"`).join(",")}}`;
    for (const good of [null, '{"a":"b"}', members(8, "x".repeat(128)), members(8, "a b c d")]) {
      attempt(good);
    }
    const bad = [
      "{}",
      "[]",
      '"a"',
      '{"a":1}',
      '{"a":null}',
      '{"a":["b"]}',
      '{"a":"tell me a story about cats"}',
      '{"a":"What?"}',
      '{"a":"b"}\0words',
      '{"a":"b\nc"}',
      members(9, "x"),
      members(8, "x".repeat(200)),
      members(8, "a b c d e"),
    ];
    for (const text of bad) {
      expect([text, isRefused(() => attempt(text))]).toEqual([text, true]);
    }
  });

  test("refuses in a JSON column what JSON of ours never holds", () => {
    for (const [table, column] of [
      ["client_key", "models"],
      ["price_override", "price"],
    ] as const) {
      const attempt = put(table, good[table] ?? {}, column);
      for (const text of ["What?", "[]\0prose", "two\nlines", "it's", "x".repeat(20_000)]) {
        expect([column, isRefused(() => attempt(text))]).toEqual([column, true]);
      }
    }
  });

  test("takes every name that the identity pattern allows", () => {
    const names = ["a", "José Ñandú 李小龍", "x._@:/+=-9", "é".repeat(128), "𝒜b", "٣", "นิด", "ᴬʰ"];
    const attempt = put("ledger", goodRow, "user");
    let tried = 0;
    const letters = Array.from({ length: 0x2fff }, (_, code) => `a${String.fromCodePoint(code)}`);
    for (const name of [...names, ...letters]) {
      if (!isIdentity(name)) continue;
      attempt(name);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(5_000);
  });

  test("refuses words behind an id that is complete", () => {
    for (const column of ["id", "trace_id"]) {
      const attempt = put("ledger", goodRow, column);
      expect([column, isRefused(() => attempt(`${String(goodRow[column])}\0words`))]).toEqual([
        column,
        true,
      ]);
    }
  });

  test("refuses an amount that is not whole, and numbers that are none", () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ["cost_pico_usd", 1.5],
      ["saved_pico_usd", null],
      ["input_tokens", 1.5],
      ["input_tokens", -1],
      ["cached_input_tokens", 11],
      ["reasoning_tokens", 6],
      ["latency_ms", 0.5],
      ["status", "ok"],
    ];
    for (const [column, value] of wrong) {
      const attempt = put("ledger", goodRow, column);
      expect([column, isRefused(() => attempt(value))]).toEqual([column, true]);
    }
  });
});

function isRefused(work: () => void): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
