import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseClientKey } from "../client-key.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-cli-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

const RUN = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
const ENV = { PATH: process.env["PATH"], ANYRAY_DATA_DIR: join(root, "data") };

/** The command as a process of this runtime. */
function anyray(...args: readonly string[]) {
  return spawnSync(process.execPath, [...RUN, MAIN, ...args], { env: ENV, encoding: "utf8" });
}

describe("the anyray command", () => {
  test("makes, lists and revokes a key in the real store, and leaves its secret in no file", () => {
    const made = anyray("keys", "create", "--name", "laptop");
    expect([made.status, made.stderr.includes("ark_")]).toEqual([0, false]);
    expect(made.stderr).toContain(`there is no store in ${join(root, "data")} yet`);
    const secret = made.stdout.trimEnd();
    const listed = anyray("keys", "list", "--json");
    expect(listed.stderr).not.toContain("no store");
    const [key] = JSON.parse(listed.stdout);
    expect([key.name, key.state, key.display]).toEqual([
      "laptop",
      "active",
      parseClientKey(secret)?.display,
    ]);
    expect(anyray("keys", "revoke", key.id).status).toBe(0);
    expect(JSON.parse(anyray("keys", "list", "--json").stdout)[0].state).toBe("revoked");

    const files = readdirSync(join(root, "data"));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(readFileSync(join(root, "data", file), "latin1")).not.toContain(secret.slice(4, 47));
    }
  }, 30_000);

  test("ends quietly when nobody reads on", () => {
    const { stderr, status } = spawnSync(
      "sh",
      ["-c", '"$@" | true; exit 0', "sh", process.execPath, ...RUN, MAIN, "help"],
      { env: ENV, encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([0, ""]);
  }, 30_000);

  test("exits with 2 for a wrong command line and 1 for what cannot be done", () => {
    expect(anyray("keys", "drop").status).toBe(2);
    expect(anyray("keys", "revoke", "key_unknown").status).toBe(1);
    expect(anyray("version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  }, 30_000);
});
