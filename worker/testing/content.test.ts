/** What is stored of a request's content, through the front door and read back from disk as an auditor would. */
import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSubjects } from "../../db/sqlite/subjects.ts";
import type { ContentRow } from "../../db/store.ts";
import { CONTENT_FILES } from "../content/files.ts";
import { newRecipient, parsePrivateKey } from "../encryption/recipients.ts";
import { providersAt, readAll, startGateway, type TestGateway } from "./gateway.ts";
import { contentRows, envelopeOf, openPart, waitForContent } from "./sealed-content.ts";
import { until } from "./until.ts";
import { SSE, startUpstream, type Handler, type Upstream } from "./upstream.ts";

let gateway: TestGateway;
let upstream: Upstream;
afterEach(async () => {
  await gateway.stop();
  await upstream.stop();
});

async function start(
  handler: Handler,
  env: Record<string, string> = {},
  dataDir?: string,
): Promise<void> {
  upstream = await startUpstream(handler);
  gateway = await startGateway(
    { ANYRAY_PROVIDERS: providersAt(upstream.url), ANYRAY_CONTENT_MODE: "encrypted", ...env },
    dataDir,
  );
}

const CHAT = { model: "m", messages: [{ role: "user", content: "a question nobody may read" }] };
const ANSWER = {
  id: "c1",
  model: "m-1",
  choices: [
    { index: 0, message: { role: "assistant", content: "an answer" }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
};
const DELTA = `data: {"id":"c1","model":"m-1","choices":[{"index":0,"delta":{"content":"secret words"},"finish_reason":null}]}\n\n`;
const FINISH = `data: {"id":"c1","model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`;
const USAGE = `data: {"id":"c1","model":"m-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}\n\n`;
const DONE = "data: [DONE]\n\n";
/** Text that no compression makes smaller than the bytes it stands for. */
const noiseOf = (size: number) => randomBytes(size).toString("base64");
const answersWell: Handler = (_, reply) => reply.json(200, ANSWER);

async function opened(rows: readonly ContentRow[], field: "input" | "output", n = 0) {
  const row = rows.filter((each) => each.field === field)[n];
  if (row === undefined) throw new Error(`there is no ${field}`);
  const part = await openPart(gateway.dataDir, row);
  return { row, part, text: new TextDecoder().decode(part.bytes) };
}

async function ready(): Promise<Record<string, { state: string; code: string | null }>> {
  const response = await gateway.fetch("/readyz", {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()).checks;
}

async function waitForCheck(code: string | null): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if ((await ready())["content"]?.code === code) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`/readyz never said ${code}`);
}

describe("what is sealed", () => {
  test("is the request as it was sent and the answer as it was given, byte for byte", async () => {
    await start(answersWell);
    const sent = `{ "model":"m",  "messages":[{"role":"user","content":"é😀 \\u0000"}], "x":12345678901234567890 }`;
    const response = await gateway.post("/v1/chat/completions", sent);
    const answer = await response.text();
    const rows = await waitForContent(gateway.dataDir, 2);
    const input = await opened(rows, "input");
    const output = await opened(rows, "output");
    expect(input.text).toBe(sent);
    expect(output.text).toBe(answer);
    expect([input.part.media, output.part.media]).toEqual(["json", "json"]);
    expect([input.part.isCut, output.part.isCut]).toEqual([false, false]);
    const [row] = await gateway.rows();
    expect(rows.every(({ traceId }) => traceId === row?.traceId)).toBe(true);
    expect(rows.every(({ mode }) => mode === "encrypted")).toBe(true);
  });

  test("is of what passes unread the JSON and no other: no upload, no picture, no sound, no file", async () => {
    upstream = await startUpstream((request, reply) => {
      if (request.path.endsWith("/speech"))
        reply.send(200, { "content-type": "audio/mpeg" }, "mp3");
      else reply.json(200, { text: "what was said", path: request.path });
    });
    const endpoints = ["audio", "moderations"];
    const one = { kind: "openai", base_url: `${upstream.url}/v1`, api_key: "k" };
    gateway = await startGateway({
      ANYRAY_PROVIDERS: JSON.stringify({ one: { ...one, capabilities: { endpoints } } }),
      ANYRAY_CONTENT_MODE: "encrypted",
    });
    const upload = new FormData();
    upload.append("file", new Blob(["sound"]), "sound.mp3");
    const send = async (path: string, body: string | FormData) => {
      const headers = { authorization: `Bearer ${gateway.key}` };
      await (await gateway.fetch(path, { method: "POST", headers, body })).text();
    };
    await send("/v1/audio/speech", '{"input":"say this"}');
    await send("/v1/audio/transcriptions", upload);
    await send("/v1/moderations", '{"input":"judge this"}');
    const rows = await waitForContent(gateway.dataDir, 4);
    const parts = await Promise.all(
      rows.map(async (row) => {
        const part = await openPart(gateway.dataDir, row);
        return [row.traceId, row.field, new TextDecoder().decode(part.bytes)];
      }),
    );
    const [speech = "", transcription = "", moderation = ""] = (await gateway.rows()).map(
      (row) => row.traceId,
    );
    const said = (path: string) => JSON.stringify({ text: "what was said", path });
    expect(parts.sort()).toEqual([
      [speech, "input", '{"input":"say this"}'],
      [transcription, "output", said("/v1/audio/transcriptions")],
      [moderation, "input", '{"input":"judge this"}'],
      [moderation, "output", said("/v1/moderations")],
    ]);
    expect((await gateway.rows()).map((row) => row.contentMode)).toEqual(
      new Array(3).fill("encrypted"),
    );
  });

  test("is a stream as the client saw it: without what was hidden, with what was added", async () => {
    await start(
      async (_, reply) => {
        reply.head(200, SSE);
        reply.chunk(DELTA);
        await new Promise((resolve) => setTimeout(resolve, 120));
        reply.chunk(FINISH + USAGE + DONE);
        reply.end();
      },
      { ANYRAY_KEEPALIVE_MS: "50" },
    );
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, stream: true });
    const { text } = await readAll(response);
    expect(text).toContain(": keep-alive");
    const output = await opened(await waitForContent(gateway.dataDir, 2), "output");
    expect(output.text).toBe(text);
    expect(output.part).toMatchObject({ media: "event-stream", isCut: false });
  });

  test("is a broken answer up to the break, marked as cut", async () => {
    await start((_, reply) => {
      reply.head(200, SSE);
      reply.chunk(DELTA);
      reply.reset();
    });
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, stream: true });
    const { text } = await readAll(response);
    const output = await opened(await waitForContent(gateway.dataDir, 2), "output");
    expect(output.text).toBe(text);
    expect(output.text).toContain("secret words");
    expect(output.part.isCut).toBe(true);
  });

  test("is what a client had when it left, marked as cut", async () => {
    await start(async (_, reply) => {
      reply.head(200, SSE);
      reply.chunk(DELTA);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    });
    const response = await gateway.post("/v1/chat/completions", { ...CHAT, stream: true });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    const output = await opened(await waitForContent(gateway.dataDir, 2), "output");
    expect(output.text).toBe(DELTA);
    expect(output.part.isCut).toBe(true);
  });

  test("is a provider's refusal, too, but no words of the gateway's own", async () => {
    await start((request, reply) => {
      if (new TextDecoder().decode(request.body).includes("overloaded")) {
        reply.json(529, { error: { message: "you said: overloaded" } });
      } else reply.json(401, { error: { message: "key sk-…" } });
    });
    await gateway.post("/v1/chat/completions", { ...CHAT, user: "overloaded" });
    const rows = await waitForContent(gateway.dataDir, 2);
    expect((await opened(rows, "output")).text).toContain("you said");
    await gateway.post("/v1/chat/completions", CHAT);
    const after = await waitForContent(gateway.dataDir, 3);
    expect(after.filter(({ field }) => field === "output")).toHaveLength(1);
  });

  test("is the body of a request that was refused, JSON or not, if its caller is known", async () => {
    await start(answersWell);
    await gateway.post("/v1/chat/completions", "{ no JSON at all");
    await gateway.post("/v1/chat/completions", { ...CHAT, model: "unheard-of" });
    await gateway.post("/v1/chat/completions", CHAT, { authorization: "Bearer ark_wrong" });
    const rows = await waitForContent(gateway.dataDir, 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await contentRows(gateway.dataDir)).toHaveLength(2);
    const texts = await Promise.all([0, 1].map(async (n) => (await opened(rows, "input", n)).text));
    expect(texts.sort()[0]).toBe("{ no JSON at all");
    expect((await gateway.rows()).map((row) => row.contentMode)).toEqual([
      "encrypted",
      "encrypted",
    ]);
  });

  test("is nothing of a body that was not read, and its row says so", async () => {
    await start(answersWell, { ANYRAY_MAX_BODY_BYTES: "1024" });
    const refused = await gateway.post("/v1/chat/completions", { ...CHAT, x: noiseOf(2_000) });
    expect(refused.status).toBe(413);
    expect((await gateway.waitForRows(1)).map((row) => row.contentMode)).toEqual(["off"]);
  });

  test("comes from every address that takes content", async () => {
    await start((request, reply) =>
      reply.json(200, { ...ANSWER, id: "resp_1", seen: request.path }),
    );
    const bodies: readonly (readonly [string, object])[] = [
      ["/v1/chat/completions", CHAT],
      ["/v1/completions", { model: "m", prompt: "p" }],
      ["/v1/embeddings", { model: "m", input: "p" }],
      ["/v1/responses", { model: "m", input: "p" }],
      ["/v1/messages", { ...CHAT, model: "c", max_tokens: 5 }],
      ["/v1/messages/count_tokens", { ...CHAT, model: "c" }],
    ];
    for (const [path, body] of bodies) await (await gateway.post(path, body)).text();
    const stored = await gateway.fetch("/v1/responses/resp_1", {
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    expect(stored.status).toBe(200);
    const rows = await waitForContent(gateway.dataDir, 13);
    const inputs = rows.filter(({ field }) => field === "input");
    const outputs = rows.filter(({ field }) => field === "output");
    expect([inputs.length, outputs.length]).toEqual([6, 7]);
    const paths = await Promise.all(
      outputs.map(async (_, n) => JSON.parse((await opened(rows, "output", n)).text).seen),
    );
    expect(paths.sort()).toEqual([...bodies.map(([path]) => path), "/v1/responses/resp_1"].sort());
  });
});

describe("where it is kept", () => {
  test("small parts stand in their row, large ones are objects, larger ones are left out and said to be", async () => {
    await start(
      (_, reply) => {
        reply.json(200, { ...ANSWER, noise: noiseOf(60_000) });
      },
      { ANYRAY_CONTENT_MAX_BYTES: "100000" },
    );
    const noise = noiseOf(60_000);
    const first = await gateway.post("/v1/chat/completions", { ...CHAT, noise });
    const answer = await first.text();
    const rows = await waitForContent(gateway.dataDir, 2);
    expect(rows.map(({ content }) => content.state)).toEqual(["object", "object"]);
    expect((await opened(rows, "output")).text).toBe(answer);
    await gateway.post("/v1/chat/completions", { ...CHAT, noise: noise + noiseOf(60_000) });
    const after = await waitForContent(gateway.dataDir, 4);
    const left = after.find(({ content }) => content.state === "omitted");
    expect(left).toMatchObject({ field: "input", content: { reason: "too_large" } });
    // The thread's word of it comes after the rows.
    const text = await until(async () => {
      const metrics = await gateway.fetch("/metrics", {
        headers: { authorization: `Bearer ${gateway.adminToken}` },
      });
      const said = await metrics.text();
      return said.includes('result="too_large"') ? said : null;
    });
    expect(text).toContain('anyray_content_parts_total{result="object"} 3');
    expect(text).toContain('anyray_content_parts_total{result="too_large"} 1');
  });

  test("nothing is kept in the mode `off`", async () => {
    await start(answersWell, { ANYRAY_CONTENT_MODE: "off" });
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await gateway.rows()).length).toBe(1);
    expect(await contentRows(gateway.dataDir)).toEqual([]);
  });

  test("a mode that changes takes effect at once, and a request under way gets the lower one", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start(async (_, reply) => {
      await held;
      reply.json(200, ANSWER);
    });
    const underWay = gateway.post("/v1/chat/completions", CHAT);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const change = await gateway.fetch("/admin/privacy", {
      method: "PUT",
      headers: {
        authorization: `Bearer ${gateway.adminToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ requested: "off" }),
    });
    expect(change.status).toBe(200);
    release();
    await (await underWay).text();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await contentRows(gateway.dataDir)).toEqual([]);
    // And is not said to have lost what was not to be kept.
    expect((await gateway.rows()).map((row) => row.contentMode)).toEqual(["off"]);
  });

  test("plaintext is an envelope of its own kind, only where it was allowed", async () => {
    await start(answersWell, { ANYRAY_CONTENT_MODE: "plaintext", ANYRAY_ALLOW_PLAINTEXT: "true" });
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    const rows = await waitForContent(gateway.dataDir, 2);
    expect(rows.every(({ mode }) => mode === "plaintext")).toBe(true);
    expect((await opened(rows, "input")).part.kind).toBe("plaintext");
  });
});

describe("whose it is", () => {
  test("users have keys of their own; an erased one's content is lost, the others' is not", async () => {
    await start(answersWell);
    const ann = await gateway.addKey({ user: "ann" });
    const bob = await gateway.addKey({ user: "bob" });
    const ask = async ({ secret }: { secret: string }) =>
      (
        await gateway.post("/v1/chat/completions", CHAT, { authorization: `Bearer ${secret}` })
      ).text();
    await ask(ann);
    await ask(bob);
    await waitForContent(gateway.dataDir, 4);
    const admin = { authorization: `Bearer ${gateway.adminToken}` };
    const list = await (await gateway.fetch("/admin/subjects", { headers: admin })).json();
    const target = list.subjects.find((each: { name: string }) => each.name === "ann");
    const gone = await gateway.fetch(`/admin/subjects/${target.id}/content-key`, {
      method: "DELETE",
      headers: admin,
    });
    expect(gone.status).toBe(200);
    expect((await gone.json()).message).toContain("nothing brings it back");
    const again = await gateway.fetch(`/admin/subjects/${target.id}/content-key`, {
      method: "DELETE",
      headers: admin,
    });
    expect(again.status).toBe(404);
    await ask(ann);
    const rows = await waitForContent(gateway.dataDir, 6);
    const outcomes = await Promise.all(
      rows
        .filter(({ field }) => field === "input")
        .map((row) =>
          openPart(gateway.dataDir, row).then(
            () => "opens",
            (error: { code: string }) => error.code,
          ),
        ),
    );
    expect(outcomes.sort()).toEqual(["erased_subject", "opens", "opens"]);
    const audit = await (await gateway.fetch("/admin/audit", { headers: admin })).json();
    expect(JSON.stringify(audit)).toContain("subject.erase");
  });

  test("an erasure that could not be written down is, when it is asked for again", async () => {
    await start(answersWell);
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    await waitForContent(gateway.dataDir, 2);
    const admin = { authorization: `Bearer ${gateway.adminToken}` };
    const list = await (await gateway.fetch("/admin/subjects", { headers: admin })).json();
    const { id } = list.subjects[0];
    const erase = async () =>
      (
        await gateway.fetch(`/admin/subjects/${id}/content-key`, {
          method: "DELETE",
          headers: admin,
        })
      ).status;
    const { audit } = gateway.store;
    const append = audit.append;
    audit.append = () => Promise.reject(new Error("the audit log is away"));
    expect(await erase()).toBe(503);
    audit.append = append;
    expect([await erase(), await erase()]).toEqual([200, 404]);
    const entries = await audit.list({
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      where: { target: id },
      beforeSeq: null,
      limit: 10,
    });
    expect(entries.map(({ action }) => action)).toEqual(["subject.erase"]);
  });

  test("an erasure by another process takes hold within a second", async () => {
    await start(answersWell);
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    const [first] = await waitForContent(gateway.dataDir, 2);
    const subjects = openSubjects({
      database: join(gateway.dataDir, CONTENT_FILES.subjects),
      erasedList: join(gateway.dataDir, CONTENT_FILES.erased),
    });
    const [subject] = await subjects.list(null, 10);
    await subjects.erase(subject?.handle ?? "", Date.now());
    subjects.close();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    const rows = await waitForContent(gateway.dataDir, 4);
    const last = rows.findLast(({ field }) => field === "input");
    expect(last === undefined ? null : (await openPart(gateway.dataDir, last)).handle).not.toBe(
      subject?.handle,
    );
    expect(first === undefined ? null : openPart(gateway.dataDir, first)).rejects.toMatchObject({
      code: "erased_subject",
    });
  });
});

describe("with recipients", () => {
  test("the gateway's own keys open nothing; the auditor's private key does, together with them", async () => {
    const pair = await newRecipient();
    await start(answersWell, { ANYRAY_CONTENT_RECIPIENTS: pair.publicText });
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    const rows = await waitForContent(gateway.dataDir, 2);
    const [row] = rows;
    if (row === undefined) throw new Error("nothing was sealed");
    expect(openPart(gateway.dataDir, row)).rejects.toMatchObject({ code: "not_a_recipient" });
    const stranger = await parsePrivateKey((await newRecipient()).privateText);
    expect(
      openPart(gateway.dataDir, row, stranger === null ? {} : { recipient: stranger }),
    ).rejects.toMatchObject({ code: "not_a_recipient" });
    const auditor = await parsePrivateKey(pair.privateText);
    if (auditor === null) throw new Error("the private key does not parse");
    const part = await openPart(gateway.dataDir, row, { recipient: auditor });
    expect(JSON.parse(new TextDecoder().decode(part.bytes))).toEqual(CHAT);
  });
});

describe("what goes wrong", () => {
  test("another master key than the stored keys': no content, said aloud, until the former one is given", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "anyray-content-"));
    await start(answersWell, { ANYRAY_CONTENT_KEY: "11".repeat(32) }, dataDir);
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    await waitForContent(dataDir, 2);
    await gateway.gateway.close();
    await upstream.stop();
    await start(answersWell, { ANYRAY_CONTENT_KEY: "22".repeat(32) }, dataDir);
    await waitForCheck("key_mismatch");
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    expect(await contentRows(dataDir)).toHaveLength(2);
    expect(gateway.log.join("\n")).toContain("key_mismatch");
    await gateway.gateway.close();
    await upstream.stop();
    const keys = {
      ANYRAY_CONTENT_KEY: "22".repeat(32),
      ANYRAY_CONTENT_KEYS_RETIRED: "11".repeat(32),
    };
    await start(answersWell, keys, dataDir);
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    await waitForContent(dataDir, 4);
    await waitForCheck(null);
  }, 20_000);

  test("a store that can't be written: requests go on, the mode is off and says so, and comes back", async () => {
    await start(answersWell, { ANYRAY_CONTENT_INLINE_MAX_BYTES: "0" });
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    await waitForContent(gateway.dataDir, 2);
    const objects = join(gateway.dataDir, CONTENT_FILES.objects);
    renameSync(objects, `${objects}.away`);
    writeFileSync(objects, "in the way");
    const response = await gateway.post("/v1/chat/completions", CHAT);
    expect(response.status).toBe(200);
    await waitForCheck("store_failed");
    const privacy = await gateway.fetch("/admin/privacy", {
      headers: { authorization: `Bearer ${gateway.adminToken}` },
    });
    expect(await privacy.json()).toMatchObject({ requested: "encrypted", effective: "off" });
    const rows = await contentRows(gateway.dataDir);
    expect(rows.filter(({ content }) => content.state === "omitted")).toHaveLength(2);
    rmSync(objects);
    renameSync(`${objects}.away`, objects);
    chmodSync(objects, 0o700);
    await waitForCheck(null);
    const before = (await contentRows(gateway.dataDir)).length;
    await (await gateway.post("/v1/chat/completions", CHAT)).text();
    const after = await waitForContent(gateway.dataDir, before + 2);
    const last = after.at(-1);
    expect(last === undefined ? null : await envelopeOf(gateway.dataDir, last)).not.toBeNull();
  }, 20_000);
});
