import { afterAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseClientKey } from "../client-key.ts";
import { ConfigError } from "./fault.ts";
import { ensureSecrets } from "./secret.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-secret-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshDirectory = (): string => join(root, `d${directories++}`, "data");

function withFile(text: string, mode = 0o600): string {
  const directory = mkdtempSync(join(root, "given-"));
  writeFileSync(join(directory, "secrets.env"), text);
  chmodSync(join(directory, "secrets.env"), mode);
  return directory;
}

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "no fault";
}

describe("ensureSecrets", () => {
  test("makes a private file with its secrets at the first start, and nothing beside it", () => {
    const directory = freshDirectory();
    const secrets = ensureSecrets(directory);
    expect(secrets.created).toBe(true);
    expect(statSync(secrets.path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory)).toEqual(["secrets.env"]);
    expect([...secrets.values.keys()]).toEqual([
      "ANYRAY_ADMIN_TOKEN",
      "ANYRAY_CONTENT_KEY",
      "ANYRAY_CLIENT_KEY",
      "ANYRAY_AUDIT_KEY",
    ]);
    expect(secrets.values.get("ANYRAY_ADMIN_TOKEN")).toMatch(/^aat_[A-Za-z0-9_-]{43}$/);
    expect(secrets.values.get("ANYRAY_CONTENT_KEY")).toMatch(/^[0-9a-f]{64}$/);
    expect(parseClientKey(secrets.values.get("ANYRAY_CLIENT_KEY") ?? "")).not.toBeNull();
  });

  test("reads the same secrets at every later start, and leaves the file alone", () => {
    const directory = freshDirectory();
    const first = ensureSecrets(directory);
    const text = readFileSync(first.path, "utf8");
    const second = ensureSecrets(directory);
    expect(second.created).toBe(false);
    expect([...second.values]).toEqual([...first.values]);
    expect(readFileSync(first.path, "utf8")).toBe(text);
  });

  test("makes different secrets for every gateway", () => {
    const all = [ensureSecrets(freshDirectory()), ensureSecrets(freshDirectory())];
    expect(new Set(all.flatMap(({ values }) => [...values.values()])).size).toBe(8);
  });

  test("writes nothing for the names that it is not asked for", () => {
    const directory = freshDirectory();
    expect(ensureSecrets(directory, []).created).toBe(false);
    expect(() => statSync(directory)).toThrow();
    const { values } = ensureSecrets(directory, ["ANYRAY_CONTENT_KEY"]);
    expect([...values.keys()]).toEqual(["ANYRAY_CONTENT_KEY"]);
  });

  test("adds only what is missing, and keeps every line that was there", () => {
    const text = "# mine\nANYRAY_ADMIN_TOKEN='my own token'\nGROQ_API_KEY=gsk\nANYRAY_CLIENT_KEY=";
    const directory = withFile(text);
    const { values, created, made, path } = ensureSecrets(directory);
    expect(created).toBe(false);
    expect([...made]).toEqual(["ANYRAY_CONTENT_KEY", "ANYRAY_CLIENT_KEY", "ANYRAY_AUDIT_KEY"]);
    expect(readFileSync(path, "utf8").startsWith(`${text}\n`)).toBe(true);
    expect(values.get("ANYRAY_ADMIN_TOKEN")).toBe("my own token");
    expect(values.get("GROQ_API_KEY")).toBe("gsk");
    expect(parseClientKey(values.get("ANYRAY_CLIENT_KEY") ?? "")).not.toBeNull();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["secrets.env"]);
  });

  test("refuses a file that others can read, and says what to run", () => {
    for (const mode of [0o640, 0o604, 0o660, 0o601]) {
      const directory = withFile("ANYRAY_ADMIN_TOKEN=hunter2hunter2\n", mode);
      const message = faultOf(() => ensureSecrets(directory));
      expect(message).toContain(`chmod 600 ${join(directory, "secrets.env")}`);
      expect(message).not.toContain("hunter2");
    }
  });

  test("refuses a line that is no assignment, and a name set twice, without quoting", () => {
    for (const [text, expected] of [
      ["A=1\nhunter2", "line 2 is not NAME=value"],
      ["A=hunter2\n\nA=2", "line 3 sets A again"],
    ] as const) {
      const message = faultOf(() => ensureSecrets(withFile(text)));
      expect(message).toContain(expected);
      expect(message).not.toContain("hunter2");
    }
  });

  test("says what to do where the directory cannot be made", () => {
    const blocked = join(withFile(""), "secrets.env", "data");
    expect(faultOf(() => ensureSecrets(blocked))).toContain("secrets.env");
    expect(faultOf(() => ensureSecrets(blocked))).toContain("a part of its path is a file");
  });

  test("gives a lock that a crash left behind a name and a remedy", () => {
    const directory = withFile("ANYRAY_ADMIN_TOKEN=0123456789\n");
    const lock = join(directory, "secrets.env.lock");
    writeFileSync(lock, "");
    expect(faultOf(() => ensureSecrets(directory))).toContain(`remove ${lock}`);
    rmSync(lock);
    expect(ensureSecrets(directory).values.size).toBe(4);
  }, 20_000);

  for (const [what, text] of [
    ["on a fresh directory", null],
    ["on a file that lacks some", "ANYRAY_ADMIN_TOKEN=0123456789\n"],
  ] as const) {
    test(`agrees with the other processes that start at once ${what}`, async () => {
      const directory = text === null ? freshDirectory() : withFile(text);
      // Absolute time: all begin together, however long each took to load.
      const script = `
        const { ensureSecrets } = await import(${JSON.stringify(new URL("./secret.ts", import.meta.url).href)});
        while (Date.now() < ${Date.now() + 1_500});
        const { values, created, made } = ensureSecrets(${JSON.stringify(directory)});
        console.log(JSON.stringify({ values: [...values], created, made }));`;
      const file = join(mkdtempSync(join(root, "race-")), "start.ts");
      writeFileSync(file, script);
      const outputs = await Promise.all(Array.from({ length: 4 }, () => run(file)));
      const results = outputs.map((output) => JSON.parse(output));
      expect(new Set(results.map(({ values }) => JSON.stringify(values))).size).toBe(1);
      expect(results.filter(({ created }) => created).length).toBe(text === null ? 1 : 0);
      expect(results.filter(({ made }) => made.length > 0).length).toBe(1);
      expect(readdirSync(directory)).toEqual(["secrets.env"]);
    }, 20_000);
  }
});

/** Standard output of another process of this runtime. */
function run(file: string): Promise<string> {
  const args = "Deno" in globalThis ? ["run", "-A", "--no-check", file] : [file];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
}
