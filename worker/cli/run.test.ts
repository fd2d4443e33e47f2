import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type { ClientKey, Store } from "../../db/store.ts";
import { parseClientKey } from "../client-key.ts";
import { ConfigError } from "../config/fault.ts";
import { type CliTools, runCli } from "./run.ts";
import { createTerminal } from "./terminal.ts";

const NOW = Date.parse("2026-11-23T10:00:00Z");

/** A store of keys in memory, with the port's rules. */
function memoryKeys(keys: ClientKey[]): Store["keys"] {
  return {
    create: async (key) => void keys.push(key),
    list: async () => keys,
    find: async (id) => keys.find((key) => key.id === id) ?? null,
    findByHash: async (hash) => keys.find((key) => key.secretHash === hash) ?? null,
    revoke: async (id, atMs) => {
      const at = keys.findIndex((key) => key.id === id && key.revokedAtMs === null);
      const key = keys[at];
      if (key === undefined) return false;
      keys[at] = { ...key, revokedAtMs: atMs };
      return true;
    },
  };
}

/** An audit log in memory that makes the changes of keys. */
function memoryAudit(keys: ClientKey[]): Pick<Store["audit"], "append"> {
  return {
    async append(make, changes = []) {
      const entry = make({ seq: 0, hash: "0".repeat(64) });
      for (const change of changes) {
        if (change.kind === "key.add") keys.push(change.key);
        if (change.kind !== "key.change") continue;
        const at = keys.findIndex(({ id }) => id === change.id);
        const key = keys[at];
        if (key !== undefined) keys[at] = { ...key, ...change.set };
      }
      return entry;
    },
  };
}

const EMPTY_LEDGER: Pick<Store["ledger"], "records"> = { records: async () => [] };

function gateway() {
  const keys: ClientKey[] = [];
  let openStores = 0;
  let stdout = "";
  let stderr = "";
  const run = async (args: readonly string[], changes: Partial<CliTools> = {}) => {
    stdout = stderr = "";
    const tools: CliTools = {
      terminal: createTerminal(
        { write: (text) => (stdout += text) },
        { write: (text) => (stderr += text) },
        {},
      ),
      version: "1.2.3",
      openStore: async () => {
        openStores += 1;
        const prices: Store["prices"] = { list: async () => [], put: async () => {} };
        const close = async (): Promise<void> => void (openStores -= 1);
        // Only the ports that commands touch with these arguments.
        const audit = memoryAudit(keys);
        return {
          keys: memoryKeys(keys),
          audit,
          prices,
          ledger: EMPTY_LEDGER,
          close,
        } as unknown as Store;
      },
      now: () => NOW,
      random: randomBytes,
      loadPriceIds: () => () => null,
      loadPriceCommands: () => import("./price-commands.ts"),
      loadContentCommands: () => import("./content-commands.ts"),
      loadTracesCommand: () => import("./traces.ts"),
      loadTraces: () => {
        const traces = {
          keepMs: null,
          trustCallers: false,
          collector: null,
          serviceName: "anyray",
          resourceAttributes: {},
          sampledShare: 1,
          maxWaitingBytes: 1,
          backend: null,
        };
        return { traces, inlineMaxBytes: 16_384, connectMs: 1_000 };
      },
      loadContentKeys: () => ({ current: null, retired: [] }),
      openSubjects: () => Promise.reject(new Error("there are no subjects here")),
      writeOut: () => undefined,
      whenStopped: () => () => undefined,
      adminToken: () => null,
      userName: () => "tester",
      writePrivate: () => Promise.reject(new Error("nothing is written here")),
      ...changes,
    };
    const code = await runCli(args, tools);
    expect(openStores).toBe(0);
    return { code, stdout, stderr };
  };
  return { keys, run };
}

describe("a wrong command line", () => {
  test("is answered with one place to look at", async () => {
    for (const words of ["keys", "keys revoke", "nothing", "keys create --usr ann"]) {
      const { code, stderr } = await gateway().run(words.split(" "));
      expect([words, code, stderr.match(/`anyray /g)?.length]).toEqual([words, 2, 1]);
    }
  });
});

describe("anyray keys create", () => {
  test("prints the secret alone on standard output, and words on standard error", async () => {
    const { keys, run } = gateway();
    const { code, stdout, stderr } = await run(["keys", "create"]);
    expect(code).toBe(0);
    const parsed = parseClientKey(stdout.trimEnd());
    expect(parsed?.hash).toBe(keys[0]?.secretHash ?? "");
    expect(stdout.split("\n").length).toBe(2);
    expect(stderr).toContain(keys[0]?.id ?? "?");
    expect(stderr).not.toContain("ark_");
  });

  test("stores what the options say and no secret", async () => {
    const { keys, run } = gateway();
    const { stdout } = await run(
      "keys create --name laptop --user alice@example.com --team ml --models gpt-4o,openai/* --passthrough anthropic --metadata fill --expires 2027-01-31".split(
        " ",
      ),
    );
    const { id, secretHash, display, ...rest } = keys[0] ?? gatewayFailed();
    expect(rest).toEqual({
      name: "laptop",
      user: "alice@example.com",
      team: "ml",
      metadata: "fill",
      passthrough: "anthropic",
      models: ["gpt-4o", "openai/*"],
      createdAtMs: NOW,
      expiresAtMs: Date.parse("2027-01-31T00:00:00Z"),
      revokedAtMs: null,
      description: null,
      endpoints: null,
      previousHash: null,
      previousUntilMs: null,
    });
    expect(JSON.stringify(keys)).not.toContain(stdout.trimEnd());
  });

  test("leaves open what is not said", async () => {
    const { keys, run } = gateway();
    await run(["keys", "create"]);
    const { name, user, team, metadata, passthrough, models, expiresAtMs } =
      keys[0] ?? gatewayFailed();
    expect([name, user, team, metadata, passthrough, models, expiresAtMs]).toEqual(
      Array.from({ length: 7 }, () => null),
    );
  });

  test("refuses what it cannot store with exit code 2, one line, and no key made", async () => {
    const { keys, run } = gateway();
    for (const options of [
      ["--name", "a person who wrote a whole sentence here"],
      ["--user", ""],
      ["--team", "\u001b[31m"],
      ["--models", "a,,b"],
      ["--models", "*"],
      ["--passthrough", "Open AI"],
      ["--metadata", "maybe"],
      ["--expires", "tomorrow"],
      ["--expires", "2027-02-31"],
      ["--expires", "2027-13-01T00:00Z"],
      ["--expires", "2027-01-01T25:00Z"],
      ["--expires", "2026-11-23"],
      ["--expires", "01/31/2027"],
      ["--colour", "red"],
      ["--name"],
      ["extra"],
    ]) {
      const { code, stdout, stderr } = await run(["keys", "create", ...options]);
      expect([options, code, stdout]).toEqual([options, 2, ""]);
      expect(stderr).toMatch(/^anyray: [^\n]+\n$/);
      expect(stderr).not.toContain("\u001b");
    }
    expect(keys).toEqual([]);
  });
});

describe("anyray keys list", () => {
  test("says what to do where there is none, and prints an empty list as JSON", async () => {
    const { run } = gateway();
    expect(await run(["keys", "list"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "There is no client key yet. `anyray keys create` makes one.\n",
    });
    expect((await run(["keys", "list", "--json"])).stdout).toBe("[]\n");
  });

  test("shows each key's state, without hash or secret", async () => {
    const { keys, run } = gateway();
    for (const name of ["one", "two", "three"]) await run(["keys", "create", "--name", name]);
    const [, two, three] = keys;
    keys[1] = { ...(two ?? gatewayFailed()), expiresAtMs: NOW };
    keys[2] = { ...(three ?? gatewayFailed()), revokedAtMs: NOW - 1 };
    const { stdout } = await run(["keys", "list"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ +/).slice(2, 4))).toEqual([
      ["STATE", "NAME"],
      ["active", "one"],
      ["expired", "two"],
      ["revoked", "three"],
    ]);
    const json = await run(["keys", "list", "--json"]);
    expect(JSON.parse(json.stdout)[1]).toEqual({
      id: keys[1]?.id,
      display: keys[1]?.display,
      state: "expired",
      name: "two",
      description: null,
      user: null,
      team: null,
      metadata: null,
      passthrough: null,
      models: null,
      endpoints: null,
      created_at: "2026-11-23T10:00:00Z",
      expires_at: "2026-11-23T10:00:00Z",
      revoked_at: null,
      former_secret_until: null,
    });
    for (const { secretHash } of keys) expect(stdout + json.stdout).not.toContain(secretHash);
  });
});

describe("anyray keys revoke", () => {
  test("ends a key, and says so again without failing when repeated", async () => {
    const { keys, run } = gateway();
    await run(["keys", "create"]);
    const id = keys[0]?.id ?? "";
    expect(await run(["keys", "revoke", id])).toEqual({
      code: 0,
      stdout: "",
      stderr: `Revoked ${id}.\n`,
    });
    expect(keys[0]?.revokedAtMs).toBe(NOW);
    expect(await run(["keys", "revoke", id])).toEqual({
      code: 0,
      stdout: "",
      stderr: `${id} was revoked already, since 2026-11-23T10:00:00Z. Nothing changed.\n`,
    });
  });

  test("fails where there is no such key, and never repeats a secret given by mistake", async () => {
    const { run } = gateway();
    const { code, stderr } = await run(["keys", "revoke", "key_nope"]);
    expect([code, stderr]).toEqual([
      1,
      "anyray: There is no key with that ID. `anyray keys list` shows them.\n",
    ]);
    const mistaken = await run(["keys", "revoke", "ark_secret"]);
    expect(mistaken.code).toBe(2);
    expect(mistaken.stderr).not.toContain("ark_secret");
    expect((await run(["keys", "revoke"])).code).toBe(2);
    expect((await run(["keys", "revoke", "a", "b"])).code).toBe(2);
  });
});

describe("anyray", () => {
  test("shows its help for no command, help, and a command's --help", async () => {
    const { run } = gateway();
    for (const args of [[], ["help"], ["--help"], ["keys", "create", "--help"]]) {
      const { code, stdout } = await run(args);
      expect([args, code]).toEqual([args, 0]);
      expect(stdout).toContain("anyray keys create");
      expect(stdout).toContain("anyray prices");
    }
  });

  test("shows its version", async () => {
    const { run } = gateway();
    expect((await run(["version"])).stdout).toBe("1.2.3\n");
  });

  test("reprices a range, and says on standard error why a price file is not read", async () => {
    const { run } = gateway();
    const done = await run(["reprice", "--from", "2026-11-01"]);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toContain("0 rows");
    const failed = await run(["prices", "diff", "/nowhere.json"]);
    expect(failed).toEqual({
      code: 1,
      stdout: "",
      stderr: "The price file cannot be read: there is no such file.\n",
    });
  });

  test("refuses price command lines that are not whole with exit code 2", async () => {
    const { run } = gateway();
    for (const line of [
      "prices",
      "prices diff",
      "prices drop f",
      "prices diff f g",
      "reprice",
      "reprice --from yesterday",
      "reprice --from 2026-11-02 --to 2026-11-01",
      "reprice --from 2027-11-02",
      "reprice --from 2026-11-02 --aply",
    ]) {
      const { code, stdout, stderr } = await run(line.split(" "));
      expect([line, code, stdout]).toEqual([line, 2, ""]);
      expect(stderr).toMatch(/^anyray: [^\n]+\n$/);
    }
  });

  test("refuses an unknown command with exit code 2", async () => {
    const { run } = gateway();
    for (const args of [["key"], ["keys"], ["keys", "drop"], ["constructor"]]) {
      const { code, stdout, stderr } = await run(args);
      expect([args, code, stdout]).toEqual([args, 2, ""]);
      expect(stderr).toContain("`anyray help`");
    }
  });

  test("names every configuration fault, and a store's failure in one line, with exit code 1", async () => {
    const { run } = gateway();
    const faulty = new ConfigError([{ where: "ANYRAY_LEDGER_SYNC", problem: "must be x." }]);
    const wrong = await run(["keys", "list"], { openStore: () => Promise.reject(faulty) });
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      "anyray: The configuration has a fault:\n  ANYRAY_LEDGER_SYNC must be x.\n",
    ]);
    const locked = new Error("database is locked\nstack");
    const failed = await run(["keys", "list"], { openStore: () => Promise.reject(locked) });
    expect([failed.code, failed.stderr]).toEqual([1, "anyray: failed: database is locked\n"]);
  });
});

function gatewayFailed(): never {
  throw new Error("no key was made");
}
