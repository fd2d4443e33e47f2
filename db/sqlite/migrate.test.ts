/** A ledger that an older gateway filled, brought up to date. */
import { afterEach, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "#sqlite";
import { makeBareRow, makeRow } from "../contract/rows.ts";
import { ledger } from "../schema/sqlite.ts";
import { openDatabase } from "./database.ts";
import { createLedger } from "./ledger.ts";
import { migrate } from "./migrate.ts";
import { createSearches } from "./searches.ts";

const FOLDER = join(import.meta.dirname, "../migrations/sqlite");
const dir = mkdtempSync(join(tmpdir(), "anyray-migrate-"));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The folder as it was when `tag` was the newest. */
function folderUntil(tag: string): string {
  const folder = join(dir, "migrations");
  cpSync(FOLDER, folder, { recursive: true });
  const path = join(folder, "meta/_journal.json");
  const journal: { entries: { tag: string }[] } = JSON.parse(readFileSync(path, "utf8"));
  const at = journal.entries.findIndex((entry) => entry.tag === tag);
  expect(at).toBeGreaterThan(0);
  writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, at + 1) }));
  return folder;
}

describe("a ledger of before metadata was kept", () => {
  test("keeps its rows, member by member, and takes new ones", async () => {
    const path = join(dir, "anyray.sqlite");
    const client = openSqlite(path);
    migrate(client, folderUntil("0003_admin"));
    const old = [makeRow({ metadata: null }), makeBareRow()];
    const columns = Object.entries(ledger).filter(
      ([member, column]) => member !== "metadata" && typeof column === "object" && "name" in column,
    );
    const insert = client.prepare(
      `INSERT INTO ledger (${columns.map(([, column]) => `"${column.name}"`).join(",")}) VALUES (${columns.map(() => "?").join(",")})`,
    );
    for (const row of old) {
      // Members and columns are the same, by the record's type.
      const values = columns.map(([member]) => row[member as keyof typeof row]);
      insert.run(...values.map((value) => (typeof value === "boolean" ? Number(value) : value)));
    }
    client.close();

    const database = openDatabase(path, { sync: "normal" });
    const store = createLedger(database, createSearches(database, path));
    const added = makeRow({ endpoint: "files", dialect: "opaque" });
    await store.append(added);
    const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, where: {}, limit: 9, beforeId: null };
    expect(await store.records(all)).toEqual([added, ...old.toReversed()]);
    await store.close();
    database.client.close();
  });
});
