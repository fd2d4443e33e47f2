/** That the table of the audit log can't be changed, by whatever connection. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAudit } from "./audit.ts";
import { closeDatabase, openDatabase } from "./database.ts";

test("the database refuses to change or delete an entry of the audit log", async () => {
  const dir = mkdtempSync(join(tmpdir(), "anyray-audit-"));
  const database = openDatabase(join(dir, "anyray.sqlite"), { sync: "normal" });
  const audit = createAudit(database);
  const entry = await audit.append((head) => ({
    seq: head.seq + 1,
    timeMs: 1,
    actor: "admin",
    action: "privacy.change",
    target: "content",
    before: null,
    after: null,
    prevHash: head.hash,
    hash: "1".repeat(64),
  }));
  const changes = [
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE seq = 1",
    "REPLACE INTO audit SELECT seq, time_ms, 'nobody', action, target, before, after, prev_hash, hash FROM audit",
    "INSERT INTO audit SELECT seq, time_ms, 'nobody', action, target, before, after, prev_hash, hash FROM audit WHERE true ON CONFLICT DO UPDATE SET actor = 'nobody'",
  ];
  for (const change of changes) {
    let message = "nothing was refused";
    try {
      database.client.exec(change);
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect([change, message.includes("append-only")]).toEqual([change, true]);
  }
  const all = { fromMs: 0, toMs: 9, where: {}, beforeSeq: null, limit: 9 };
  expect(await audit.list(all)).toEqual([entry]);
  closeDatabase(database);
  rmSync(dir, { recursive: true, force: true });
});
