/** The audit log of a gateway, exported and verified by the command that an auditor runs; and tampered with below the gateway. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openDatabase } from "../../../db/sqlite/database.ts";
import { startGateway, temporaryDirectory } from "../gateway-process.ts";

const CLI = join(import.meta.dirname, "../../cli/main.ts");
const root = mkdtempSync(join(tmpdir(), "anyray-audit-"));
const data = temporaryDirectory();
let exported = "";
let publicKey = "";

async function verify(args: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([process.execPath, CLI, "audit", "verify", ...args], {
    env: { PATH: process.env["PATH"] ?? "", ANYRAY_DATA_DIR: data.path, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const out = await new Response(child.stdout).text();
  return { code: await child.exited, out };
}

beforeAll(async () => {
  const gateway = await startGateway({ dataDir: data.path, providers: { demo: { kind: "demo" } } });
  const headers = {
    authorization: `Bearer ${gateway.adminToken}`,
    "content-type": "application/json",
  };
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${gateway.url}${path}`, { ...init, headers });
  // However slow the machine: the second checkpoint, 256 entries behind the first, comes after the 200th.
  for (let n = 0; n < 500; n++) {
    await ask("/admin/keys", { method: "POST", body: JSON.stringify({ name: `k${n}` }) });
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  exported = await (await ask("/admin/audit/export")).text();
  const report = await (await ask("/admin/audit/checkpoints")).json();
  publicKey = report.public_key;
  expect(report.checkpoints.length).toBeGreaterThan(0);
  const byUrl = await verify([gateway.url, "--public-key", publicKey], {
    ANYRAY_ADMIN_TOKEN: gateway.adminToken,
  });
  expect(byUrl).toMatchObject({ code: 0 });
  expect((await verify([gateway.url])).code).toBe(1);
  const verdict = await (await ask("/admin/audit/verify")).json();
  expect(verdict).toMatchObject({ is_whole: true, fault: null, fault_seq: null });
  expect(verdict.entries).toBeGreaterThanOrEqual(500);
  expect(verdict.vouched_until).toBeGreaterThan(0);
  await gateway.stop();
}, 60_000);
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  data.remove();
});

function put(text: string): string {
  const path = join(root, "log.jsonl");
  writeFileSync(path, text);
  return path;
}

describe("anyray audit verify", () => {
  test("finds an export whole, and every kind of tampering with it", async () => {
    expect((await verify([put(exported), "--public-key", publicKey])).out).toStartWith("Whole: ");
    const lines = exported.trim().split("\n");
    const entries = lines.filter((line) => line.includes('"kind":"entry"'));
    expect(entries.length).toBeGreaterThan(500);
    for (const [name, text] of [
      ["edited", exported.replace('"name":"k17"', '"name":"k18"')],
      ["dropped", lines.filter((line) => !line.includes('"name":"k17"')).join("\n")],
      [
        "cut",
        lines
          .filter((line) => !/"seq":[2-9]\d\d,/.test(line) || line.includes("checkpoint"))
          .join("\n"),
      ],
    ] as const) {
      const { code, out } = await verify([put(text), "--public-key", publicKey]);
      expect([name, code, out.startsWith("NOT WHOLE")]).toEqual([name, 3, true]);
    }
    expect((await verify([put("prose")])).code).toBe(1);
    expect((await verify(["/nowhere"])).code).toBe(1);
    expect((await verify([])).code).toBe(2);
  }, 60_000);

  test("finds what was done to the database itself, once a checkpoint has vouched for it", async () => {
    expect((await verify([data.path, "--public-key", publicKey])).code).toBe(0);
    // What came last was vouched for at the stop.
    const stop = readFileSync(join(data.path, "audit-checkpoints.jsonl"), "utf8").trim();
    const newest = JSON.parse(stop.split("\n").at(-1) ?? "{}");
    expect(newest.seq).toBe(exported.split('"kind":"entry"').length - 1);
    const { client } = openDatabase(join(data.path, "anyray.sqlite"), { sync: "normal" });
    expect(() => client.exec("DELETE FROM audit WHERE seq > 100")).toThrow();
    // Whoever owns the file can take the trigger away.
    for (const [name] of client
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      .values()) {
      client.exec(`DROP TRIGGER "${name}"`);
    }
    client.exec("DELETE FROM audit WHERE seq > 100");
    client.close();
    const { code, out } = await verify([data.path]);
    expect([code, out]).toEqual([
      3,
      "NOT WHOLE: entry 101 is missing: a checkpoint vouches for entries that are not there.\n",
    ]);
  }, 30_000);
});
