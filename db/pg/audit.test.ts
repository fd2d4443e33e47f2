/** What Postgres itself does for the audit log: nothing that is there can be changed, by whoever has the gateway's own role. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isPostgresThere, startPostgres, type Postgres } from "../contract/postgres.ts";
import type { AuditHead, AuditRecord, DatabaseOptions } from "../store.ts";
import { createAudit } from "./audit.ts";
import { openDatabase, type PgDatabase } from "./database.ts";

const link = (head: AuditHead): AuditRecord => ({
  seq: head.seq + 1,
  timeMs: 1_000,
  actor: "admin",
  action: "privacy.change",
  target: "content",
  before: null,
  after: null,
  prevHash: head.hash,
  hash: (head.seq + 1).toString(16).padStart(64, "0"),
});

describe.skipIf(!isPostgresThere)("the audit log on Postgres itself", () => {
  let postgres: Postgres;
  let options: DatabaseOptions;
  let database: PgDatabase;
  beforeAll(async () => {
    postgres = await startPostgres();
    options = await postgres.create();
    database = await openDatabase(options);
    await createAudit(database).append(link);
  });
  afterAll(async () => {
    await database.close();
    await postgres.remove();
  });

  test("refuses to be changed, shortened or emptied", async () => {
    for (const statement of [
      `update "audit" set "actor" = 'somebody'`,
      `delete from "audit"`,
      `truncate "audit"`,
    ]) {
      const tried = database.client.unsafe(statement).then(
        () => "done",
        (error: unknown) => (error instanceof Error ? error.message : ""),
      );
      expect([statement, await tried]).toEqual([statement, "the audit log is append-only"]);
    }
    expect((await createAudit(database).head()).seq).toBe(1);
  });

  test("has one chain, however many gateways write it", async () => {
    const others = await Promise.all([openDatabase(options), openDatabase(options)]);
    const logs = [database, ...others].map(createAudit);
    await Promise.all(Array.from({ length: 60 }, (_, n) => logs[n % logs.length]?.append(link)));
    const entries = await createAudit(database).after(0, 1000);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 61 }, (_, n) => n + 1));
    for (const [n, entry] of entries.entries()) {
      expect(entry.prevHash).toBe(entries[n - 1]?.hash ?? "0".repeat(64));
    }
    for (const other of others) await other.close();
  });
});
