/** Reading offline when things are not as they should be: several sources, hostile ones, copies that must stay as they are. */
import { afterAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDatabase } from "../../../db/sqlite/database.ts";
import { utf8Bytes } from "../../bytes.ts";
import { CONTENT_FILES } from "../../content/files.ts";
import { encodeKeyExport } from "../../encryption/key-export.ts";
import { createKeyring } from "../../encryption/keyring.ts";
import { createEpochs, newRecipient, parseRecipient } from "../../encryption/recipients.ts";
import { plainEnvelope, sealPart } from "../../encryption/seal.ts";
import { type CliTools, runCli } from "../run.ts";
import { createTerminal } from "../terminal.ts";
import { writePrivate } from "../write-private.ts";

const root = mkdtempSync(join(tmpdir(), "anyray-reading-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const random = (size: number) => new Uint8Array(randomBytes(size));
const KEY = "aa".repeat(32);
const SPAN = "00000000000000aa";
const TIME = Date.parse("2026-11-24T10:00:00Z");
const SECRET = "what nobody may see";
const trace = (n: number) => n.toString(16).padStart(32, "0");

const keyring = createKeyring(KEY, []);
const handle = "5b".repeat(16);
const subjectKey = random(32);

const part = (n: number, text: string) => ({
  traceId: trace(n),
  spanId: SPAN,
  field: "input" as const,
  media: "json" as const,
  isCut: false,
  bytes: utf8Bytes(text),
});
const seal = (n: number, text = SECRET, ofHandle = handle) =>
  sealPart(part(n, text), {
    kid: keyring.kid,
    handle: ofHandle,
    subjectKey,
    share: null,
    random,
  });

type Attributes = readonly (readonly [string, string | number])[];
const inline = (envelope: Uint8Array): Attributes => [
  ["anyray.content.input", Buffer.from(envelope).toString("base64")],
  ["anyray.content.input.bytes", envelope.length],
];
const spanOf = (n: number, attributes: Attributes, more: object = {}) => ({
  traceId: trace(n),
  spanId: SPAN,
  startTimeUnixNano: `${TIME}000000`,
  attributes: attributes.map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  })),
  ...more,
});

let names = 0;
const newPath = (name: string) => join(root, `${++names}-${name}`);
function file(name: string, content: string | Uint8Array): string {
  const path = newPath(name);
  writeFileSync(path, content);
  return path;
}
const otlp = (...spans: readonly object[]) =>
  file("trace.json", JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
const keysOf = (erased: readonly string[] = [], live: readonly string[] = [handle]) =>
  file(
    "keys.json",
    encodeKeyExport({
      madeAtMs: TIME,
      subjects: live.map((each) => {
        const { kid, bytes } = keyring.wrap(each, subjectKey, random);
        return { handle: each, kid, wrapped: bytes };
      }),
      erased: erased.map((each) => ({ handle: each, erasedAtMs: TIME })),
    }),
  );
const KEYS = keysOf();

async function run(args: readonly string[], changes: Partial<CliTools> = {}) {
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
    loadContentKeys: () => ({ current: KEY, retired: [] }),
    writePrivate: async (path: string, content: string | Uint8Array) => writePrivate(path, content),
    writeOut: (bytes: Uint8Array) => void chunks.push(bytes),
    whenStopped: () => () => undefined,
    userName: () => "tester",
    loadContentCommands: () => import("../content-commands.ts"),
    ...changes,
  } as unknown as CliTools;
  const code = await runCli(args, tools);
  // Nothing that is opened is ever told.
  expect(stderr).not.toContain("nobody may see");
  return { code, stdout, stderr, written: new TextDecoder().decode(Buffer.concat(chunks)) };
}

/** With `--all` unless something is chosen. */
async function decrypt(sources: readonly string[], ...more: readonly string[]) {
  const out = newPath("out");
  const isChosen = more.some((each) => /^--(?:trace|user|from|to)$/.test(each));
  const result = await run([
    "decrypt",
    ...sources,
    ...(isChosen ? [] : ["--all"]),
    ...["--reason", "SEC-1", "--out", out],
    ...(more.includes("--keys") ? [] : ["--keys", KEYS]),
    ...more,
  ]);
  const texts = existsSync(out)
    ? readFileSync(out, "utf8")
        .trimEnd()
        .split("\n")
        .map((line): string => JSON.parse(line).text)
    : null;
  return { ...result, out, texts };
}

/** Everything below a directory, by path and content. */
function snapshot(dir: string): string {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((each) => {
      const path = join(each.parentPath, each.name);
      const content = each.isFile() ? readFileSync(path) : "";
      return `${path} ${createHash("sha256").update(content).digest("hex")}`;
    })
    .sort();
  return files.join("\n");
}

describe("several sources", () => {
  test("a part that one has cut, damaged or not at all opens from the other, in either order", async () => {
    const whole = seal(1);
    const cut = otlp(
      spanOf(1, [["anyray.content.input", String(inline(whole)[0]?.[1]).slice(0, 60)]]),
    );
    const flipped = whole.slice();
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const damaged = otlp(spanOf(1, inline(flipped)));
    const missing = otlp(spanOf(1, [["anyray.content.input.omitted", "queue_full"]]));
    const right = otlp(spanOf(1, inline(whole)));
    for (const wrong of [cut, damaged, missing]) {
      for (const sources of [
        [wrong, right],
        [right, wrong],
      ]) {
        const { code, texts, stderr } = await decrypt(sources);
        expect([code, texts, stderr.includes("1 opened, 0 not")]).toEqual([0, [SECRET], true]);
      }
    }
    // What one has says more than what the other lacks.
    expect((await decrypt([missing, damaged])).code).toBe(5);
    expect((await decrypt([damaged, missing])).code).toBe(5);
    const inspected = await run(["inspect", damaged, missing, "--json"]);
    const facts = inspected.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(facts.map(({ source, state }) => [source, state])).toEqual([
      [damaged, "sealed"],
      [missing, "missing"],
    ]);
  });

  test("if one can't be read, nothing is written, and the message names it", async () => {
    const good = otlp(spanOf(1, inline(seal(1))));
    const bad = file("bad.json", `{"${SECRET}`);
    const { code, texts, stderr, out } = await decrypt([good, bad]);
    expect([code, texts, stderr.includes(bad)]).toEqual([1, null, true]);
    expect(readdirSync(root).filter((name) => join(root, name).startsWith(out))).toEqual([]);
    expect((await run(["inspect", newPath("nowhere")])).stderr).toContain("there is no such file");
  });
});

describe("the exit code", () => {
  test("is that of the gravest failure, and what opened is written all the same", async () => {
    const other = "77".repeat(16);
    const gone = "88".repeat(16);
    const foreign = "99".repeat(16);
    const stranger = createKeyring("bb".repeat(32), []);
    const keys = JSON.parse(readFileSync(keysOf([gone]), "utf8"));
    const wrapped = stranger.wrap(foreign, subjectKey, random);
    keys.subjects.push({
      handle: foreign,
      kid: wrapped.kid,
      wrapped: Buffer.from(wrapped.bytes).toString("base64"),
    });
    const keyFile = file("keys.json", JSON.stringify(keys));
    const { publicText } = await newRecipient();
    const publicKey = parseRecipient(publicText) ?? new Uint8Array();
    const epochs = createEpochs({ recipients: [publicKey], random, now: () => 0 });
    const boxed = sealPart(part(6, SECRET), {
      kid: keyring.kid,
      handle,
      subjectKey,
      share: await epochs.shareFor(handle),
      random,
    });
    const newer = seal(7);
    newer[3] = 2;
    const flipped = seal(8);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    // From the lightest to the gravest.
    const spans = [
      [0, spanOf(1, inline(seal(1)))],
      [8, spanOf(2, [["anyray.content.input.omitted", "too_large"]])],
      [4, spanOf(3, inline(seal(3, SECRET, gone)))],
      [7, spanOf(4, inline(seal(4, SECRET, other)))],
      [6, spanOf(6, inline(boxed))],
      [3, spanOf(5, inline(seal(5, SECRET, foreign)))],
      [5, spanOf(7, inline(newer))],
      [5, spanOf(8, inline(flipped))],
    ] as const;
    for (let count = 1; count <= spans.length; count++) {
      const some = spans.slice(0, count);
      const source = otlp(...some.map(([, span]) => span));
      const { code, texts, stderr } = await decrypt([source], "--keys", keyFile);
      expect([count, code, texts]).toEqual([count, some.at(-1)?.[0] ?? -1, [SECRET]]);
      for (const [, { traceId }] of some.slice(1)) {
        expect(stderr).toContain(`trace ${traceId} span ${SPAN} input: `);
      }
      const alone = await decrypt([otlp(some.at(-1)?.[1] ?? {})], "--keys", keyFile);
      expect([count, alone.code]).toEqual([count, some.at(-1)?.[0] ?? -1]);
      // Where nothing was opened, nothing was read.
      expect(alone.texts === null).toBe(count > 1);
      expect(existsSync(`${alone.out}.reading.json`)).toBe(count === 1);
      expect(alone.stderr.includes("The reading is recorded")).toBe(count === 1);
    }
    const words = await decrypt([otlp(spanOf(6, inline(boxed)))]);
    expect(words.stderr).toContain("--identity");
  });
});

describe("what a span says of its content", () => {
  test("an envelope on another span, trace or field than its own is damaged", async () => {
    const [attribute, size] = inline(seal(1));
    const asOutput: Attributes = [
      ["anyray.content.output", attribute?.[1] ?? ""],
      ["anyray.content.output.bytes", size?.[1] ?? 0],
    ];
    for (const span of [
      spanOf(2, inline(seal(1))),
      spanOf(1, inline(seal(1)), { spanId: "00000000000000ab" }),
      spanOf(1, asOutput),
    ]) {
      const source = otlp(span);
      expect((await decrypt([source])).code).toBe(5);
      expect((await run(["inspect", source])).code).toBe(5);
    }
  });

  test("its digest and size must fit, or it is damaged", async () => {
    const envelope = seal(1);
    const digest = createHash("sha256").update(envelope).digest("hex");
    const said = (sha256: string, bytes = envelope.length): Attributes => [
      ["anyray.content.input", Buffer.from(envelope).toString("base64")],
      ["anyray.content.input.sha256", sha256],
      ["anyray.content.input.bytes", bytes],
    ];
    const codes = [];
    for (const attributes of [
      said(digest),
      said("0".repeat(64)),
      said(digest, envelope.length - 1),
      said("x"),
    ]) {
      codes.push((await decrypt([otlp(spanOf(1, attributes))])).code);
    }
    expect(codes).toEqual([0, 5, 5, 8]);
    const right = await run(["inspect", otlp(spanOf(1, said(digest))), "--json"]);
    expect(JSON.parse(right.stdout)).toMatchObject({ state: "sealed", digest: "right" });
  });

  test("plaintext is given out with a warning; where the span says encrypted, it is damaged: anybody can write it", async () => {
    const envelope = plainEnvelope(part(1, SECRET), handle);
    const source = otlp(spanOf(1, [...inline(envelope), ["anyray.content.mode", "encrypted"]]));
    const forged = await decrypt([source]);
    expect([forged.code, forged.stderr.includes("another mode")]).toEqual([5, true]);
    const inspected = await run(["inspect", source, "--json"]);
    expect([inspected.code, inspected.stdout.includes("another mode")]).toEqual([5, true]);
    const honest = otlp(spanOf(1, [...inline(envelope), ["anyray.content.mode", "plaintext"]]));
    const { code, texts, stderr } = await decrypt([honest]);
    expect([code, texts, stderr.includes("stored in plaintext")]).toEqual([0, [SECRET], true]);
    const shown = await run(["inspect", honest]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).not.toContain("nobody may see");
    expect(shown.stdout).not.toContain("ciphertext");
  });

  test("reasons that it gives are known ones or are not repeated, and lost content is told", async () => {
    for (const reason of ["constructor", "__proto__", "\u001b[31m", SECRET]) {
      const source = otlp(spanOf(1, [["anyray.content.input.omitted", reason]]));
      const { code, stderr } = await decrypt([source]);
      expect([code, stderr.includes("a reason that this version does not know")]).toEqual([
        8,
        true,
      ]);
      expect(stderr).not.toContain(reason);
    }
    const lost = await decrypt([otlp(spanOf(1, [["anyray.content.mode", "lost"]]))]);
    expect([lost.code, lost.stderr.match(/lost in a crash/g)?.length]).toEqual([8, 2]);
    expect((await decrypt([otlp(spanOf(1, [["anyray.content.mode", "off"]]))])).code).toBe(8);
  });

  test("an incomplete answer of the back end is said to be one", async () => {
    const spans = [{ scopeSpans: [{ spans: [spanOf(1, inline(seal(1)))] }] }];
    const text = JSON.stringify({ trace: { resourceSpans: spans }, status: "PARTIAL" });
    const { code, stderr } = await decrypt([file("partial.json", text)]);
    expect([code, stderr.includes("could not give all of the trace")]).toEqual([0, true]);
  });
});

describe("choosing", () => {
  test("by time reads nothing of another time, nor of an unknown one; our trace ids tell theirs", async () => {
    const uuid7 = `${TIME.toString(16).padStart(12, "0")}7000800000000000aaaa`;
    const timeless = { startTimeUnixNano: null };
    const ours = sealPart(
      { ...part(1, "ours"), traceId: uuid7 },
      { kid: keyring.kid, handle, subjectKey, share: null, random },
    );
    const source = otlp(
      spanOf(1, inline(seal(1, "timed"))),
      spanOf(2, inline(seal(2, "timeless")), timeless),
      spanOf(3, inline(ours), { traceId: uuid7, ...timeless }),
    );
    const day = await decrypt([source], "--from", "2026-11-24", "--to", "2026-11-25");
    expect(day.texts).toEqual(["timed", "ours"]);
    expect((await decrypt([source], "--to", "2026-11-24")).code).toBe(8);
    expect((await decrypt([source])).texts).toHaveLength(3);
    expect((await decrypt([source], "--from", "2026-11-25", "--to", "2026-11-24")).code).toBe(2);
  });

  test("by user takes the trace's word, and says so where a key export can't help", async () => {
    const source = otlp(
      spanOf(1, [...inline(seal(1, "ann's")), ["anyray.user", "ann"]]),
      spanOf(2, [...inline(seal(2, "bob's")), ["anyray.user", "bob"]]),
      spanOf(3, inline(seal(3, "nobody's"))),
    );
    expect((await decrypt([source], "--user", "ann")).texts).toEqual(["ann's"]);
    const none = await decrypt([source], "--user", "eve");
    expect([none.code, none.stderr.includes("holds no names")]).toEqual([8, true]);
  });
});

describe("the output and the record", () => {
  const source = otlp(spanOf(1, inline(seal(1))), spanOf(2, inline(seal(2))));
  const line = (...more: readonly string[]) => [
    ...["decrypt", source, "--all", "--reason", "SEC-1", "--keys", KEYS],
    ...more,
  ];

  test("are two new files, or the command is refused before it reads", async () => {
    const out = newPath("out");
    const link = newPath("link");
    symlinkSync(join(root, "leads-nowhere"), link);
    const refused: readonly (readonly [number, readonly string[]])[] = [
      [2, ["--out", out, "--record", out]],
      [2, ["--out", out, "--record", join(dirname(out), ".", `x/../${out.split("/").at(-1)}`)]],
      [2, ["--out", out, "--record", "-"]],
      [2, ["--out", "/"]],
      [2, ["--out", `${out}/`]],
      [1, ["--out", link]],
      [1, ["--out", `${root}/`, "--format", "raw"]],
      [1, ["--out", KEYS]],
      [1, ["--out", root]],
      [1, ["--out", out, "--record", source]],
      [1, ["--out", join(root, "nowhere", "out")]],
    ];
    const before = readdirSync(root);
    for (const [code, args] of refused) {
      const result = await run(line(...args));
      expect([args, result.code, result.stdout]).toEqual([args, code, ""]);
      expect(result.stderr).toMatch(/^anyray: [^\n]+\n$/);
    }
    expect(readdirSync(root)).toEqual(before);
  });

  test("if the record can't be written, nothing is given out", async () => {
    const full = { writePrivate: () => Promise.reject(new Error("no space")) };
    const out = newPath("out");
    const toFile = await run(line("--out", out), full);
    const toScreen = await run(line("--out", "-", "--record", newPath("record")), full);
    expect([toFile.code, toScreen.code, toScreen.written]).toEqual([1, 1, ""]);
    expect(readdirSync(root).some((name) => join(root, name).startsWith(out))).toBe(false);
  });

  test("raw bytes are one part's, or nothing is written and nothing is recorded", async () => {
    const out = newPath("raw");
    const two = await run(line("--out", out, "--format", "raw"));
    expect([two.code, two.stderr.includes("--field")]).toEqual([2, true]);
    expect(readdirSync(root).some((name) => join(root, name).startsWith(out))).toBe(false);
    const record = newPath("record");
    const one = await run([
      ...["decrypt", source, "--trace", trace(2), "--reason", "SEC-1", "--keys", KEYS],
      ...["--out", "-", "--record", record, "--format", "raw"],
    ]);
    expect([one.code, one.stdout, one.written]).toEqual([0, "", SECRET]);
    expect(JSON.parse(readFileSync(record, "utf8"))).toMatchObject({
      traces: [trace(2)],
      subjects: [handle],
      parts: 1,
    });
  });

  test("raw bytes of several parts go into a new directory, a file each", async () => {
    const out = newPath("parts");
    const { code } = await run(line("--out", `${out}/`, "--format", "raw"));
    expect([code, readdirSync(out).sort()]).toEqual([
      0,
      [1, 2].map((n) => `${trace(n)}-${SPAN}-input.json`),
    ]);
    expect(readFileSync(join(out, `${trace(1)}-${SPAN}-input.json`), "utf8")).toBe(SECRET);
    expect(JSON.parse(readFileSync(`${out}.reading.json`, "utf8"))).toMatchObject({ parts: 2 });
  });

  test("a user without a name must say who reads", async () => {
    const nameless = {
      userName: () => {
        throw new Error("no such user");
      },
    };
    const refused = await run(line("--out", newPath("out")), nameless);
    expect([refused.code, refused.stderr.includes("--actor")]).toEqual([2, true]);
    const named = await run(line("--out", newPath("out"), "--actor", "auditor"), nameless);
    expect(named.code).toBe(0);
  });
});

describe("what is read", () => {
  test("stays as it is: another program's database, and a copy of the content directory", async () => {
    const path = newPath("other.sqlite");
    const database = openDatabase(path, { sync: "normal", schema: "subjects" });
    database.client.exec("PRAGMA journal_mode = DELETE");
    database.client.close();
    const before = readFileSync(path);
    const { code, stderr } = await run(["inspect", path]);
    expect([code, stderr.includes("not the content.sqlite")]).toEqual([1, true]);
    expect(readFileSync(path).equals(before)).toBe(true);
    const broken = file("broken.sqlite", `SQLite format 3\0${SECRET.repeat(50)}`);
    const unread = await run(["inspect", broken]);
    expect([unread.code, unread.stderr.includes(broken)]).toEqual([1, true]);

    const objects = newPath("objects");
    const envelope = seal(1);
    const name = `2026-11-24/ab/${"ab".repeat(16)}`;
    mkdirSync(dirname(join(objects, name)), { recursive: true });
    writeFileSync(join(objects, name), envelope);
    const taken = snapshot(objects);
    const source = otlp(spanOf(1, [["anyray.content.input.ref", name]]));
    expect((await decrypt([source], "--content-dir", objects)).texts).toEqual([SECRET]);
    expect((await run(["inspect", source, "--content-dir", objects])).code).toBe(0);
    expect(snapshot(objects)).toBe(taken);
  });

  test("is never looked for outside the content directory", async () => {
    const objects = newPath("objects");
    mkdirSync(objects);
    writeFileSync(join(root, "outside"), seal(1));
    const names = [
      "../outside",
      "../../etc/passwd",
      `2026-11-24/ab/../../../outside`,
      `${objects}/../outside`,
      `2026-11-24/ab/${"ab".repeat(16)}\n`,
      "",
    ];
    for (const name of names) {
      const source = otlp(spanOf(1, [["anyray.content.input.ref", name]]));
      const { code, stderr } = await decrypt([source], "--content-dir", objects);
      expect([name, code, stderr.includes("is malformed")]).toEqual([name, 8, true]);
    }
    expect((await decrypt([otlp()], "--content-dir", KEYS)).code).toBe(2);
  });

  test("an object that is a directory, or too large, fails alone", async () => {
    const objects = newPath("objects");
    const name = (n: number) => `2026-11-24/ab/${String(n).repeat(32)}`;
    mkdirSync(join(objects, name(1)), { recursive: true });
    writeFileSync(join(objects, name(2)), new Uint8Array(10_000));
    // All but nothing on the disk; read whole, it would be more than a buffer holds.
    truncateSync(join(objects, name(2)), 5 * 1024 ** 3);
    const good = spanOf(3, inline(seal(3)));
    const directory = otlp(spanOf(1, [["anyray.content.input.ref", name(1)]]), good);
    const first = await decrypt([directory], "--content-dir", objects);
    expect([first.code, first.texts, first.stderr.includes("can't be read")]).toEqual([
      8,
      [SECRET],
      true,
    ]);
    const large = spanOf(2, [
      ["anyray.content.input.ref", name(2)],
      ["anyray.content.input.bytes", 500],
    ]);
    expect((await decrypt([otlp(large, good)], "--content-dir", objects)).code).toBe(5);
  });

  test("a data directory's erasures hold for an older key export, too", async () => {
    const dataDir = newPath("data");
    mkdirSync(dataDir);
    const database = openDatabase(join(dataDir, CONTENT_FILES.content), {
      sync: "normal",
      schema: "content",
    });
    const envelope = seal(1);
    const digest = createHash("sha256").update(envelope).digest("hex");
    database.client
      .prepare(
        "INSERT INTO content (trace_id, span_id, field, time_ms, mode, state, envelope, size_bytes, sha256) VALUES (?, ?, 'input', ?, 'encrypted', 'inline', ?, ?, ?)",
      )
      .run(trace(1), SPAN, TIME, envelope, envelope.length, digest);
    database.client.close();
    expect((await decrypt([dataDir], "--trace", trace(1))).texts).toEqual([SECRET]);
    expect((await decrypt([dataDir], "--from", "2026-11-24")).texts).toEqual([SECRET]);
    expect((await decrypt([dataDir], "--trace", trace(2))).code).toBe(8);
    writeFileSync(join(dataDir, CONTENT_FILES.erased), `${handle} ${TIME}\n`);
    expect((await decrypt([dataDir])).code).toBe(4);
  });

  test("a database whose rows lie is refused, and none of its text reaches the screen", async () => {
    const path = newPath("hostile.sqlite");
    const database = openDatabase(path, { sync: "normal", schema: "content" });
    database.client.exec("PRAGMA ignore_check_constraints = ON");
    const insert = (row: readonly (string | number)[]) =>
      database.client
        .prepare(
          "INSERT INTO content (trace_id, span_id, field, time_ms, mode, state, object, size_bytes, sha256, reason) VALUES (?, ?, 'input', ?, 'encrypted', 'object', ?, 1, ?, ?)",
        )
        .run(...row);
    const name = `\u001b[31m/../${SECRET}`;
    insert([trace(1), SPAN, TIME, name, "0".repeat(64), SECRET]);
    insert([trace(2), SPAN, TIME, `2026-11-24/ab/${"ab".repeat(16)}`, SECRET, SECRET]);
    const shown = await run(["inspect", path]);
    expect([shown.code, shown.stdout.match(/is malformed/g)?.length]).toEqual([8, 2]);
    expect(shown.stdout).not.toMatch(/\u001b|nobody may see/);
    insert([`\u001b[31m${SECRET}`, SPAN, TIME, name, "0".repeat(64), SECRET]);
    const refused = await run(["inspect", path]);
    expect([refused.code, refused.stderr.includes("\u001b")]).toEqual([1, false]);
    database.client.close();
  });
});
