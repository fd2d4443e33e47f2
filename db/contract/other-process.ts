/**
 * Another process with the same data directory, for tests of locks and of sudden ends. As a program:
 *
 *     hold DIR      opens the store as a gateway does, says so, and waits for its end
 *     tool DIR      opens it as a command does, and lists the client keys
 *     append DIR    appends rows one after the other and prints each id once its row is committed
 *     attempt DIR   writes one attempt into the journal, and waits for its end
 *     busy DIR MS   holds the database's write lock for so long
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openStore, openStoreForTool } from "../open.ts";
import { openDatabase } from "../sqlite/database.ts";
import { dashed, makeRow, uuidAt } from "./rows.ts";

const SELF = fileURLToPath(import.meta.url);
const isDeno = "Deno" in globalThis;

export interface OtherProcess {
  /** Resolves with the first line that it writes; rejects with its errors if it ends before. */
  readonly firstLine: Promise<string>;
  /** All lines so far. */
  lines(): readonly string[];
  /** `kill -9`. Resolves once it is gone. */
  kill(): Promise<void>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts this file as a program, in another working directory. */
export function startOther(...args: readonly string[]): OtherProcess {
  const child = spawn(
    process.execPath,
    [...(isDeno ? ["run", "-A", "--no-check"] : []), SELF, ...args],
    {
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let out = "";
  let errors = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Uint8Array) => {
      out += new TextDecoder().decode(chunk);
      if (out.includes("\n")) resolve(out.slice(0, out.indexOf("\n")));
    });
    child.stderr.on("data", (chunk: Uint8Array) => {
      errors += new TextDecoder().decode(chunk);
    });
    void ended.then(() => reject(new Error(errors)));
  });
  // Not every test waits for it.
  firstLine.catch(() => undefined);
  return {
    firstLine,
    lines: () => out.split("\n").slice(0, -1),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    ended,
  };
}

async function main(command: string, dataDir: string, argument: string): Promise<void> {
  const options = { dataDir, ledgerSync: "normal" } as const;
  const say = (line: string) => process.stdout.write(`${line}\n`);
  // Keeps the process alive.
  const wait = () => setInterval(() => undefined, 1_000);
  switch (command) {
    case "hold":
      await openStore(options);
      say("open");
      wait();
      return;
    case "tool": {
      const store = await openStoreForTool(options);
      say(String((await store.keys.list()).length));
      await store.close();
      return;
    }
    case "append": {
      const store = await openStore(options);
      for (let count = 0; ; count++) {
        const hex = uuidAt(Date.now(), count);
        await store.ledger.append(makeRow({ id: dashed(hex), traceId: hex }));
        say(dashed(hex));
      }
    }
    case "attempt": {
      const store = await openStore(options);
      const { modelServed: _, ...row } = makeRow();
      store.journal.open({ ...row, provider: "demo", modelUpstream: "small" });
      say(row.traceId);
      wait();
      return;
    }
    case "busy": {
      const { client } = openDatabase(join(dataDir, "anyray.sqlite"), { sync: "normal" });
      client.exec("BEGIN IMMEDIATE");
      say("busy");
      setTimeout(() => {
        client.exec("COMMIT");
        client.close();
      }, Number(argument));
    }
  }
}

if (import.meta.main) {
  const [command = "", dataDir = "", argument = ""] = process.argv.slice(2);
  await main(command, dataDir, argument);
}
