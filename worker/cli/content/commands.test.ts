/** The offline commands over content that was really sealed, in every source that they read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, openStoreForTool } from "../../../db/open.ts";
import { openSubjects } from "../../../db/sqlite/subjects.ts";
import type { ContentRow } from "../../../db/store.ts";
import { record } from "../../audit/record.ts";
import { CONTENT_FILES } from "../../content/files.ts";
import type { SealJob } from "../../content/sealing.ts";
import { createKeyring } from "../../encryption/keyring.ts";
import {
  createEpochs,
  newRecipient,
  parseRecipient,
  type Epochs,
} from "../../encryption/recipients.ts";
import {
  decodeProvider,
  encodeProvider,
  openMembers,
  PROVIDER_SETTING,
  readProvider,
} from "../../providers/stored-provider.ts";
import { SharedKeys } from "../../shared-keys.ts";
import { contentRows, sealInto } from "../../testing/sealed-content.ts";
import { type CliTools, runCli } from "../run.ts";
import { createTerminal } from "../terminal.ts";
import { writePrivate } from "../write-private.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-commands-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const random = (size: number) => new Uint8Array(randomBytes(size));
const KEY = "aa".repeat(32);
const NEXT_KEY = "bb".repeat(32);
const SMALL = '{"messages":[{"content":"what is sealed"}]}';
const LARGE = randomBytes(40_000).toString("base64");
const trace = (n: number) => n.toString(16).padStart(32, "0");
const TIME = Date.parse("2026-11-24T10:00:00Z");

const job = (n: number, text: string | Uint8Array, more: Partial<SealJob> = {}): SealJob => ({
  traceId: trace(n),
  spanId: "00000000000000aa",
  timeMs: TIME + n,
  mode: "encrypted",
  subject: "key user ann",
  field: "input",
  media: "json",
  isCut: false,
  bytes: typeof text === "string" ? new TextEncoder().encode(text) : text,
  omitted: null,
  ...more,
});

async function sealedIn(dir: string, jobs: readonly SealJob[], epochs: Epochs | null = null) {
  await sealInto(dir, jobs, { key: KEY, now: () => TIME, epochs });
  return contentRows(dir);
}

let count = 0;
const newPath = (name: string) => join(root, `${++count}-${name}`);
const dataDir = join(root, "data");
let rows: readonly ContentRow[];
beforeAll(async () => {
  rows = await sealedIn(dataDir, [
    job(1, SMALL),
    job(1, LARGE, { field: "output", media: "other", isCut: true }),
    job(2, new Uint8Array([0xff, 0xfe]), { subject: "claim key_AAAAAAAAAAAAAAAA user ann" }),
    job(3, "bob's", { subject: "key user bob" }),
    job(4, "", { omitted: "too_large" }),
  ]);
});

interface Run {
  /** No store can be opened. */
  readonly isStoreAway?: boolean;
  readonly dir?: string;
  readonly key?: string | null;
  readonly retired?: readonly string[];
}

async function run(
  args: readonly string[],
  { dir = dataDir, key = KEY, retired = [], isStoreAway = false }: Run = {},
) {
  let stdout = "";
  let stderr = "";
  const chunks: Uint8Array[] = [];
  // Only what these commands touch.
  const tools = {
    terminal: createTerminal(
      { write: (text) => (stdout += text) },
      { write: (text) => (stderr += text) },
      {},
    ),
    now: () => TIME,
    random,
    loadContentKeys: () => ({ current: key, retired }),
    openSubjects: async () =>
      openSubjects({
        database: join(dir, CONTENT_FILES.subjects),
        erasedList: join(dir, CONTENT_FILES.erased),
      }),
    openStore: () =>
      isStoreAway
        ? Promise.reject(new Error("it is away"))
        : openStoreForTool({ dataDir: dir, ledgerSync: "normal" }),
    writePrivate: async (path: string, content: string | Uint8Array) => writePrivate(path, content),
    writeOut: (bytes: Uint8Array) => void chunks.push(bytes),
    whenStopped: () => () => undefined,
    adminToken: () => null,
    userName: () => "tester",
    loadContentCommands: () => import("../content-commands.ts"),
  } as unknown as CliTools;
  const code = await runCli(args, tools);
  return { code, stdout, stderr, written: new Uint8Array(Buffer.concat(chunks)) };
}

const jsonLines = (path: string) =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The parts of a trace as attributes of a span, as the gateway exports them. */
function attributesOf(traceId: string): [string, string | number][] {
  return rows
    .filter((row) => row.traceId === traceId)
    .flatMap(({ field, content }): [string, string | number][] => {
      const name = `anyray.content.${field}`;
      if (content.state === "inline") {
        const bytes: [string, number] = [`${name}.bytes`, content.envelope.length];
        return [[name, Buffer.from(content.envelope).toString("base64")], bytes];
      }
      if (content.state === "omitted") return [[`${name}.omitted`, content.reason]];
      return [
        [`${name}.ref`, content.object],
        [`${name}.bytes`, content.sizeBytes],
        [`${name}.sha256`, content.sha256],
      ];
    });
}

const otlp = (attributes: readonly [string, string | number][], id = trace(1)) => ({
  traceId: id,
  spanId: "00000000000000aa",
  startTimeUnixNano: String(BigInt(TIME) * 1_000_000n),
  attributes: attributes.map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  })),
});
const scopes = (span: object) => [{ scopeSpans: [{ spans: [span] }] }];

/** Trace 1 in every form that a back end gives it. */
function forms(): readonly (readonly [string, string])[] {
  const attributes = attributesOf(trace(1));
  const span = otlp(attributes);
  const base64 = (digits: string) => Buffer.from(digits, "hex").toString("base64");
  const tempo = { ...span, traceId: base64(span.traceId), spanId: base64(span.spanId) };
  const jaeger = {
    data: [
      {
        spans: [
          {
            traceID: "1",
            spanID: "aa",
            startTime: TIME * 1000,
            tags: attributes.map(([key, value]) => ({ key, type: "string", value })),
          },
        ],
      },
    ],
  };
  return [
    ["OTLP", JSON.stringify({ resourceSpans: scopes(span) })],
    [
      "OTLP, a line each",
      `\n${JSON.stringify({ resourceSpans: scopes(span) })}\n{"resourceSpans":[]}\n`,
    ],
    ["Tempo, version 1", JSON.stringify({ batches: scopes(tempo) })],
    ["Tempo, version 2", JSON.stringify({ trace: { resourceSpans: scopes(tempo) } })],
    ["Jaeger, version 3", JSON.stringify({ result: { resourceSpans: scopes(span) } })],
    ["Jaeger, its own", JSON.stringify(jaeger)],
  ];
}

const decryptArgs = (source: string, out: string, ...more: string[]) => [
  "decrypt",
  source,
  ...(more.some((each) => /^--(?:trace|user|from|all)$/.test(each)) ? [] : ["--all"]),
  "--reason",
  "ticket SEC-1",
  "--out",
  out,
  ...more,
];

describe("anyray decrypt", () => {
  test("opens a data directory's content, text as text and other bytes as base64, for its owner's eyes", async () => {
    const out = newPath("out.jsonl");
    const { code, stderr, stdout } = await run(decryptArgs(dataDir, out));
    expect(code).toBe(8);
    expect(stderr).toContain(`trace ${trace(4)} span 00000000000000aa input: it was left out`);
    expect(stdout).toBe("");
    const parts = jsonLines(out);
    expect(parts).toHaveLength(4);
    expect(parts[0]).toMatchObject({ trace_id: trace(1), field: "input", text: SMALL, cut: false });
    expect(parts[1]).toMatchObject({ field: "output", text: LARGE, cut: true });
    expect(parts[2]).toMatchObject({ base64: "//4=" });
    expect(statSync(out).mode & 0o077).toBe(0);
    expect(stderr).not.toContain("what is sealed");
  });

  test("opens every trace back end's form, with the data directory's keys and objects", async () => {
    const keys = newPath("keys.json");
    expect((await run(["keys", "export", "--out", keys])).code).toBe(0);
    expect(readFileSync(keys, "utf8")).not.toContain("ann");
    for (const [name, text] of forms()) {
      const source = newPath("trace.json");
      writeFileSync(source, text);
      const out = newPath("out.jsonl");
      const objects = ["--content-dir", join(dataDir, CONTENT_FILES.objects)];
      const { code, stderr } = await run(decryptArgs(source, out, "--keys", keys, ...objects));
      expect([name, code, stderr.includes("2 opened, 0 not")]).toEqual([name, 0, true]);
      expect(jsonLines(out).map(({ text: content }) => content)).toEqual([SMALL, LARGE]);
    }
  });

  test("chooses by trace, field, user and time; raw bytes for one part", async () => {
    const raw = await run([
      ...decryptArgs(dataDir, "-", "--trace", trace(1), "--field", "output", "--format", "raw"),
      "--record",
      newPath("record.json"),
    ]);
    expect(raw.code).toBe(0);
    expect(new TextDecoder().decode(raw.written)).toBe(LARGE);
    const ofUser = newPath("ann.jsonl");
    expect((await run(decryptArgs(dataDir, ofUser, "--user", "ann"))).code).toBe(0);
    expect(jsonLines(ofUser).map((part) => part.trace_id)).toEqual([trace(1), trace(1), trace(2)]);
    const none = await run(decryptArgs(dataDir, newPath("x"), "--from", "2030-01-01"));
    expect(none.code).toBe(8);
  });

  test("tells a wrong key, an erased subject, an unknown one and damage apart by code and words", async () => {
    const dir = newPath("data");
    await sealedIn(dir, [job(1, SMALL), job(2, "other", { subject: "key user bob" })]);
    const attempt = async (more: Run & { args?: string[] } = {}) =>
      run(decryptArgs(dir, newPath("o"), ...(more.args ?? ["--trace", trace(1)])), {
        dir,
        ...more,
      });
    expect((await attempt()).code).toBe(0);
    const wrong = await attempt({ key: "cc".repeat(32) });
    expect([wrong.code, wrong.stderr.includes("ANYRAY_CONTENT_KEYS_RETIRED")]).toEqual([3, true]);
    expect((await attempt({ key: null })).code).toBe(3);
    expect((await attempt({ key: NEXT_KEY, retired: [KEY] })).code).toBe(0);

    const oldKeys = newPath("old-keys.json");
    const empty = newPath("empty");
    await sealedIn(empty, []);
    await run(["keys", "export", "--out", oldKeys], { dir: empty });
    const unknown = await attempt({ args: ["--trace", trace(1), "--keys", oldKeys] });
    expect([unknown.code, unknown.stderr.includes("new export")]).toEqual([7, true]);

    const backup = newPath("backup");
    mkdirSync(backup);
    copyFileSync(join(dir, CONTENT_FILES.content), join(backup, CONTENT_FILES.content));
    const shown = await run(["subjects", "erase", "ann"], { dir });
    expect([shown.code, shown.stderr.includes("--yes")]).toEqual([2, true]);
    // Nothing is destroyed that can't be written down.
    const away = await run(["subjects", "erase", "ann", "--yes"], { dir, isStoreAway: true });
    expect(away.code).toBe(1);
    const unwritten = newPath("keys.json");
    const none = await run(["keys", "export", "--out", unwritten], { dir, isStoreAway: true });
    expect([none.code, existsSync(unwritten)]).toEqual([1, false]);
    expect((await attempt()).code).toBe(0);
    expect((await run(["subjects", "erase", "ann", "--yes"], { dir })).code).toBe(0);
    const erased = await attempt();
    expect([erased.code, erased.stderr.includes("destroyed")]).toEqual([4, true]);
    // Nor does a copy of the content that was made before.
    const afterwards = newPath("keys.json");
    await run(["keys", "export", "--out", afterwards], { dir });
    const copied = ["--trace", trace(1), "--keys", afterwards];
    expect((await run(decryptArgs(backup, newPath("o"), ...copied), { dir })).code).toBe(4);
    // The other subject's content still opens, and both are told.
    const both = newPath("both.jsonl");
    expect((await run(decryptArgs(dir, both), { dir })).code).toBe(4);
    expect(jsonLines(both)).toHaveLength(1);

    const source = newPath("damaged.json");
    const [, attribute] = attributesOf(trace(1));
    const envelope = rows.find(({ content }) => content.state === "inline")?.content;
    if (envelope?.state !== "inline" || attribute === undefined) throw new Error("no envelope");
    const bytes = new Uint8Array(envelope.envelope);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const text = Buffer.from(bytes).toString("base64");
    writeFileSync(
      source,
      JSON.stringify({ resourceSpans: scopes(otlp([["anyray.content.input", text]])) }),
    );
    const keys = newPath("keys.json");
    await run(["keys", "export", "--out", keys]);
    const damaged = await run(decryptArgs(source, newPath("o"), "--keys", keys));
    expect([damaged.code, damaged.stderr.includes("damaged")]).toEqual([5, true]);
  });

  test("an envelope that a trace claims for itself, but that belongs to another, is damaged", async () => {
    const source = newPath("swapped.json");
    const keys = newPath("keys.json");
    await run(["keys", "export", "--out", keys]);
    const attributes = attributesOf(trace(1)).slice(0, 2);
    writeFileSync(source, JSON.stringify({ resourceSpans: scopes(otlp(attributes, trace(9))) }));
    expect((await run(decryptArgs(source, newPath("o"), "--keys", keys))).code).toBe(5);
    expect((await run(["inspect", source])).code).toBe(5);
  });

  test("a part is damaged if its source names another user, or another mode, than it is sealed for", async () => {
    // Knows whose keys are whose, and has no content of its own.
    const dir = newPath("names");
    await sealedIn(dir, []);
    copyFileSync(join(dataDir, CONTENT_FILES.subjects), join(dir, CONTENT_FILES.subjects));
    const open = async (...claims: [string, string][]) => {
      const source = newPath("claims.json");
      const span = otlp([...attributesOf(trace(3)), ...claims], trace(3));
      writeFileSync(source, JSON.stringify({ resourceSpans: scopes(span) }));
      const { code, stderr } = await run(decryptArgs(source, newPath("o"), "--all", dir), { dir });
      return [code, /input: (.*)/.exec(stderr)?.[1]];
    };
    expect(await open()).toEqual([0, undefined]);
    expect(await open(["anyray.user", "bob"], ["anyray.content.mode", "encrypted"])).toEqual([
      0,
      undefined,
    ]);
    expect(await open(["anyray.user", "ann"])).toEqual([
      5,
      "it is sealed for another user than its source says",
    ]);
    expect(await open(["anyray.content.mode", "plaintext"])).toEqual([
      5,
      "the source says another mode than the envelope",
    ]);
  });

  test("what a back end cut off is told as cut, and an object that is gone or changed as that", async () => {
    const source = newPath("cut.json");
    const attributes = attributesOf(trace(1)).map(([key, value]): [string, string | number] =>
      key === "anyray.content.input" ? [key, String(value).slice(0, 100)] : [key, value],
    );
    writeFileSync(source, JSON.stringify({ resourceSpans: scopes(otlp(attributes)) }));
    const keys = newPath("keys.json");
    await run(["keys", "export", "--out", keys]);
    const cut = await run(decryptArgs(source, newPath("o"), "--keys", keys));
    expect(cut.code).toBe(8);
    expect(cut.stderr).toContain("the trace back end cut it off");
    expect(cut.stderr).toContain("no content directory was given");

    const dir = newPath("data");
    const [, output] = await sealedIn(dir, [job(1, SMALL), job(1, LARGE, { field: "output" })]);
    if (output?.content.state !== "object") throw new Error("no object");
    const object = join(dir, CONTENT_FILES.objects, output.content.object);
    writeFileSync(object, "not the object");
    expect((await run(decryptArgs(dir, newPath("o")), { dir })).code).toBe(5);
    rmSync(object);
    expect((await run(decryptArgs(dir, newPath("o")), { dir })).code).toBe(8);
  });

  test("content for recipients opens with the private key alone, and says so without", async () => {
    const pair = await newRecipient();
    const publicKey = parseRecipient(pair.publicText);
    if (publicKey === null) throw new Error("the public key does not parse");
    const dir = newPath("data");
    const epochs = createEpochs({ recipients: [publicKey], random, now: () => 0 });
    await sealedIn(dir, [job(1, SMALL)], epochs);
    const without = await run(decryptArgs(dir, newPath("o")), { dir });
    expect([without.code, without.stderr.includes("--identity")]).toEqual([6, true]);
    const identity = newPath("auditor.key");
    writeFileSync(identity, `${pair.privateText}\n`);
    const out = newPath("o");
    expect((await run(decryptArgs(dir, out, "--identity", identity), { dir })).code).toBe(0);
    expect(jsonLines(out)[0].text).toBe(SMALL);
    const inspected = await run(["inspect", dir, "--json"], { dir });
    expect(JSON.parse(inspected.stdout).recipients).toHaveLength(1);
  });

  test("overwrites nothing, and never what it reads", async () => {
    const out = newPath("out");
    writeFileSync(out, "mine");
    const refused = await run(decryptArgs(dataDir, out));
    expect([refused.code, readFileSync(out, "utf8")]).toEqual([1, "mine"]);
    const source = newPath("trace.json");
    copyFileSync(join(dataDir, CONTENT_FILES.content), source);
    const same = await run(decryptArgs(source, source));
    expect([same.code, same.stderr.includes("one of the inputs")]).toEqual([1, true]);
  });

  test("asks for a choice, a reason and an output before it looks at anything", async () => {
    const lines = [
      ["decrypt", dataDir, "--reason", "r", "--out", "x"],
      ["decrypt", dataDir, "--all", "--out", "x"],
      ["decrypt", dataDir, "--all", "--reason", "a, b; c!", "--out", "x"],
      ["decrypt", dataDir, "--all", "--reason", "r"],
      ["decrypt", dataDir, "--all", "--reason", "r", "--out", "-"],
      ["decrypt", "--all", "--reason", "r", "--out", "x"],
      ["decrypt", dataDir, "--trace", "short", "--reason", "r", "--out", "x"],
      ["decrypt", dataDir, "--all", "--reason", "r", "--out", newPath("x"), "--format", "raw"],
    ];
    for (const args of lines) expect([args, (await run(args)).code]).toEqual([args, 2]);
  });

  test("sources that are no trace are refused by place, and never quoted", async () => {
    const texts = ["secret words", '{"secret":"words"}', '["secret"]', "{}\n{secret", ""];
    for (const text of texts) {
      const source = newPath("bad.json");
      writeFileSync(source, text);
      const { code, stderr } = await run(["inspect", source]);
      expect([text, code === 1 || code === 8, stderr.includes("secret")]).toEqual([
        text,
        true,
        false,
      ]);
    }
    const hostile = newPath("hostile.json");
    const attributes: [string, string][] = [["anyray.content.input.ref", "../../etc/passwd"]];
    writeFileSync(hostile, JSON.stringify({ resourceSpans: scopes(otlp(attributes)) }));
    expect((await run(["inspect", hostile])).stdout).toContain("malformed");
    expect((await run(["inspect", newPath("nowhere")])).code).toBe(1);
  });
});

describe("the record of a reading", () => {
  test("stands beside the output, and is taken into the audit log once it proves itself", async () => {
    const dir = newPath("data");
    await sealedIn(dir, [job(1, SMALL)]);
    const out = newPath("out");
    await run(decryptArgs(dir, out, "--actor", "auditor"), { dir });
    const path = `${out}.reading.json`;
    const record = JSON.parse(readFileSync(path, "utf8"));
    expect(record).toMatchObject({ actor: "auditor", reason: "ticket SEC-1", parts: 1 });
    expect((await run(["audit", "import", path], { dir })).code).toBe(0);
    const store = await openStoreForTool({ dataDir: dir, ledgerSync: "normal" });
    const [entry] = await store.audit.list({
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      where: {},
      beforeSeq: null,
      limit: 1,
    });
    await store.close();
    expect(entry).toMatchObject({ action: "content.read", target: trace(1), actor: "cli" });
    expect(JSON.parse(entry?.after ?? "{}")).toMatchObject({ reader: "auditor", parts: 1 });
    const again = await run(["audit", "import", path], { dir });
    expect([again.code, again.stdout.includes(`already: entry ${entry?.seq}.`)]).toEqual([0, true]);
    const forged = newPath("forged.json");
    writeFileSync(forged, JSON.stringify({ ...record, parts: 0 }));
    expect((await run(["audit", "import", forged], { dir })).code).toBe(1);
    expect((await run(["audit", "import", path], { dir, key: NEXT_KEY })).code).toBe(1);
    // Another reading of the same trace is another record.
    const other = newPath("out");
    await run(decryptArgs(dir, other, "--actor", "second"), { dir });
    const second = await run(["audit", "import", `${other}.reading.json`], { dir });
    expect([second.code, second.stdout.includes("already")]).toEqual([0, false]);
    const reopened = await openStoreForTool({ dataDir: dir, ledgerSync: "normal" });
    expect((await reopened.audit.after(0, 10)).map(({ seq }) => seq)).toEqual([1, 2]);
    await reopened.close();
  });

  test("that an earlier version took is not taken again", async () => {
    const dir = newPath("data");
    await sealedIn(dir, [job(1, SMALL)]);
    const out = newPath("out");
    await run(decryptArgs(dir, out), { dir });
    const path = `${out}.reading.json`;
    const { actor, reason, time } = JSON.parse(readFileSync(path, "utf8"));
    const after = { parts: 1, traces: 1, reader: actor, reason, read_at: time };
    const store = await openStoreForTool({ dataDir: dir, ledgerSync: "normal" });
    const draft = { timeMs: TIME, actor: "cli", action: "content.read", target: trace(1) } as const;
    await record(store.audit, { ...draft, before: null, after });
    await store.close();
    expect((await run(["audit", "import", path], { dir })).stdout).toContain("already: entry 1.");
  });
});

describe("anyray inspect", () => {
  test("tells of every part what needs no key, and no content", async () => {
    const { code, stdout } = await run(["inspect", dataDir, "--json"], { key: null });
    expect(code).toBe(8);
    const facts = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(facts).toHaveLength(5);
    expect(facts[0]).toMatchObject({
      trace_id: trace(1),
      state: "sealed",
      version: 1,
      media: "json",
      cut: false,
      kid: createKeyring(KEY, []).kid,
      recipients: [],
    });
    expect(facts[0].ciphertext).toMatch(/^[0-9a-f]{32}…$/);
    expect(stdout).not.toContain("what is sealed");
    const words = await run(["inspect", dataDir, "--trace", trace(3)]);
    expect([words.code, words.stdout.includes("subject")]).toEqual([0, true]);
  });
});

describe("anyray keys rotate", () => {
  test("wraps every key anew, can be tried first, broken off and run again", async () => {
    const dir = newPath("data");
    await sealedIn(
      dir,
      Array.from({ length: 700 }, (_, n) => job(n, "x", { subject: `key user u${n}` })),
    );
    const keys = { dir, key: NEXT_KEY, retired: [KEY] };
    const dry = await run(["keys", "rotate", "--dry-run"], keys);
    expect([dry.code, dry.stderr.includes("700 to wrap anew")]).toEqual([0, true]);
    const missing = await run(["keys", "rotate"], { dir, key: NEXT_KEY });
    expect([missing.code, missing.stderr.includes(createKeyring(KEY, []).kid)]).toEqual([1, true]);
    const done = await run(["keys", "rotate"], keys);
    expect([done.code, done.stdout.includes("700 wrapped anew")]).toEqual([0, true]);
    expect((await run(["keys", "rotate"], keys)).stdout).toContain("0 wrapped anew");
    // Who has one key alone is not told to throw another away: it may be the former one, and the gateway's be new.
    const alone = await run(["keys", "rotate"], { dir, key: NEXT_KEY });
    expect([alone.code, alone.stdout.includes("is the only master key here")]).toEqual([0, true]);
    expect(alone.stdout).not.toContain("needed no more");
    // The former master key opens nothing any more, the present one everything.
    const out = newPath("o");
    expect((await run(decryptArgs(dir, out), { dir, key: NEXT_KEY })).code).toBe(0);
    expect((await run(decryptArgs(dir, newPath("o")), { dir })).code).toBe(3);
  });
});

describe("anyray keys rotate, of providers' credentials", () => {
  const PLACE = { kind: "openai-compatible", base_url: "https://acme.example/v1", api_key: "sk-1" };
  const valueOf = (name: string, key: string) => {
    const { settings } = readProvider(name, PLACE, new Set());
    if (settings === null) throw new Error("a provider must parse");
    const provider = { name, members: PLACE, settings, createdAtMs: TIME };
    return encodeProvider(provider, createKeyring(key, []), random);
  };
  async function store(dir: string, settings: Readonly<Record<string, string>>) {
    mkdirSync(dir, { recursive: true });
    const opened = await openStore({ dataDir: dir, ledgerSync: "normal" });
    const entry = { timeMs: TIME, actor: "test", action: "provider.create" } as const;
    for (const [name, value] of Object.entries(settings)) {
      const draft = { ...entry, target: name, before: null, after: null };
      await record(opened.audit, draft, [
        { kind: "setting", name: PROVIDER_SETTING + name, value, expectedVersion: 0 },
      ]);
    }
    await opened.close();
  }
  async function read(dir: string) {
    const opened = await openStoreForTool({ dataDir: dir, ledgerSync: "normal" });
    const found = await opened.settings.list(PROVIDER_SETTING);
    await opened.close();
    return new Map(found.map((each) => [each.name.slice(PROVIDER_SETTING.length), each]));
  }

  test("seals them anew, where there is no content, too; what is lost is said and stays", async () => {
    const dir = newPath("data");
    const values = { acme: valueOf("acme", KEY), odd: '"x"', gone: "null" };
    await store(dir, values);
    const keys = { dir, key: NEXT_KEY, retired: [KEY] };
    const missing = await run(["keys", "rotate"], { dir, key: NEXT_KEY });
    expect([missing.code, missing.stderr.includes("not here")]).toEqual([1, true]);
    const dry = await run(["keys", "rotate", "--dry-run"], keys);
    expect([dry.code, dry.stderr.includes("1 to seal anew")]).toEqual([0, true]);
    expect((await read(dir)).get("acme")).toMatchObject({ value: values.acme, version: 1 });
    const done = await run(["keys", "rotate"], keys);
    expect([done.code, done.stderr.includes("1 sealed anew")]).toEqual([0, true]);
    expect((await run(["keys", "rotate"], keys)).stderr).toContain("0 sealed anew");
    const now = await read(dir);
    const stored = decodeProvider(now.get("acme")?.value ?? "");
    if (stored === null || stored === "unreadable") throw new Error("it must be there");
    expect(now.get("acme")).toMatchObject({ version: 2, changedBy: "cli" });
    expect(openMembers("acme", stored, createKeyring(NEXT_KEY, []))).toEqual(PLACE);
    expect(() => openMembers("acme", stored, createKeyring(KEY, []))).toThrow();
    expect(now.get("odd")?.value).toBe('"x"');
  });
});

describe("anyray keys release", () => {
  test("lets the next gateway say which keys are shared, where one has said so, and is audited", async () => {
    const dir = newPath("data");
    const store = await openStore({ dataDir: dir, ledgerSync: "normal" });
    const none = await run(["keys", "release"], { dir });
    expect([none.code, none.stderr.includes("start one")]).toEqual([1, true]);
    const own = (key: string) => ({ kid: key, kids: [key], auditKey: "aap_one" });
    const open = (key: string) => SharedKeys.open({ store, own: own(key), now: () => TIME });
    await open("first");
    await expect(open("second")).rejects.toThrow("ANYRAY_CONTENT_KEY is not");
    const done = await run(["keys", "release"], { dir });
    expect([done.code, done.stdout.includes("next gateway that starts")]).toEqual([0, true]);
    expect((await open("second")).problem).toBeNull();
    await expect(open("first")).rejects.toThrow("its id is first, theirs second");
    const log = await store.audit.after(0, 10);
    expect(log.map(({ actor, action, after }) => [actor, action, after])).toEqual([
      ["start", "keys.share", '{"audit_key":"aap_one","content_kid":"first"}'],
      ["cli", "keys.share", null],
      ["start", "keys.share", '{"audit_key":"aap_one","content_kid":"second"}'],
    ]);
    await store.close();
  });
});

describe("anyray keys recipient-new", () => {
  test("writes the private key for its owner alone and shows the public one", async () => {
    const path = newPath("auditor.key");
    const { code, stdout } = await run(["keys", "recipient-new", "--out", path]);
    expect(code).toBe(0);
    expect(stdout.trim()).toMatch(/^arr_[A-Za-z0-9_-]{43}$/);
    expect(readFileSync(path, "utf8")).toMatch(/^arp_[A-Za-z0-9_-]{43}\n$/);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect((await run(["keys", "recipient-new", "--out", path])).code).toBe(1);
    expect(existsSync(path)).toBe(true);
  });
});
