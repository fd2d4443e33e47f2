import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRow } from "../../db/contract/rows.ts";
import { openOutbox } from "../../db/sqlite/outbox.ts";
import type { ContentRow, LedgerRow, LedgerTail } from "../../db/store.ts";
import { readExportAnswer } from "./export-answer.ts";
import { isSampled } from "./sampling.ts";
import { createShipping, SEALING_MS, SETTLE_MS, type SendResult } from "./shipping.ts";

const START = Date.parse("2026-11-24T10:00:00Z");
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const each of cleanups.splice(0)) each();
});

const idAt = (ms: number) => {
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
};
/** Found nowhere else by chance. */
const traceOf = (n: number) => createHash("sha256").update(String(n)).digest("hex").slice(0, 32);
const rowAt = (n: number): LedgerRow =>
  makeRow({ id: idAt(START + n), traceId: traceOf(n), attempt: 1 });

function rig(
  answer: (body: Uint8Array, count: number) => SendResult,
  { sampledShare = 1, startAfter = null as string | null, content = [] as ContentRow[] } = {},
) {
  const dir = mkdtempSync(join(tmpdir(), "anyray-shipping-"));
  const outbox = openOutbox(join(dir, "outbox.sqlite"));
  cleanups.push(() => {
    outbox.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const rows: LedgerRow[] = [];
  const tail: LedgerTail = {
    newestId: async () => rows.at(-1)?.id ?? "",
    after: async (id, limit) => rows.filter((row) => row.id > id).slice(0, limit),
    close: () => undefined,
  };
  let time = START + 1_000_000;
  let monotonic = 5;
  const sent: Uint8Array[] = [];
  const unsealed = new Set<string>();
  const shipping = createShipping({
    tail,
    content: { ofTrace: async (id) => content.filter(({ traceId }) => traceId === id) },
    isUnsealed: async (traceId) => unsealed.has(traceId),
    outbox,
    resource: { attributes: {}, serviceName: "anyray", serviceVersion: "0", instanceId: "x" },
    sampledShare,
    startAfter,
    now: () => time,
    monotonic: () => monotonic,
    send: async (body) => {
      sent.push(body);
      return answer(body, sent.length);
    },
  });
  const setTime = (ms: number): void => {
    time = ms;
  };
  const pass = (ms: number): void => {
    monotonic += ms;
  };
  return { outbox, rows, sent, shipping, setTime, pass, unsealed };
}

const TAKEN: SendResult = { kind: "taken", rejectedSpans: 0 };
const has = (body: Uint8Array, row: LedgerRow) =>
  Buffer.from(body).includes(Buffer.from(row.traceId, "hex"));

describe("shipping", () => {
  test("begins behind what is there at its very first start, and then goes on where it was", async () => {
    const { rows, shipping, sent } = rig(() => TAKEN, { startAfter: rowAt(1).id });
    // The second was there before the exporter looked for the first time.
    rows.push(rowAt(1), rowAt(2));
    expect(await shipping.step()).toMatchObject({ spans: 2 });
    rows.push(rowAt(3), rowAt(4));
    expect(await shipping.step()).toMatchObject({ spans: 4, isMore: false, later: null });
    expect(await shipping.step()).toMatchObject({ spans: 0 });
    expect(sent).toHaveLength(2);
  });

  test("waits until a request's parts are sealed", async () => {
    const { rows, shipping, setTime } = rig(() => TAKEN);
    await shipping.step();
    rows.push(rowAt(1_000));
    setTime(START + 1_000 + SETTLE_MS - 1);
    expect(await shipping.step()).toMatchObject({ spans: 0 });
    setTime(START + 1_000 + SETTLE_MS);
    expect(await shipping.step()).toMatchObject({ spans: 2 });
  });

  test("waits longer where a part is still to be sealed, with all that came after, and not for ever", async () => {
    const { rows, shipping, setTime, unsealed, sent } = rig(() => TAKEN);
    rows.push(...[1, 2, 3].map((n) => ({ ...rowAt(n), contentMode: "encrypted" })));
    unsealed.add(traceOf(2));
    setTime(START + 2 + SEALING_MS - 1);
    expect(await shipping.step()).toMatchObject({ spans: 2, isMore: false, later: null });
    expect(await shipping.step()).toMatchObject({ spans: 0, isMore: false });
    unsealed.delete(traceOf(2));
    expect(await shipping.step()).toMatchObject({ spans: 4 });
    rows.push({ ...rowAt(4), contentMode: "encrypted" });
    unsealed.add(traceOf(4));
    setTime(START + 4 + SEALING_MS);
    expect(await shipping.step()).toMatchObject({ spans: 2 });
    expect(sent).toHaveLength(3);
  });

  test("takes what was sealed while it asked", async () => {
    const content: ContentRow[] = [];
    const { rows, shipping, sent, setTime, unsealed } = rig(() => TAKEN, { content });
    setTime(START + 1 + SETTLE_MS);
    rows.push({ ...rowAt(1), contentMode: "encrypted" });
    unsealed.has = () => {
      content.push({
        traceId: traceOf(1),
        spanId: "0".repeat(16),
        field: "input",
        timeMs: 1,
        mode: "encrypted",
        content: { state: "omitted", reason: "queue_full" },
      });
      return false;
    };
    await shipping.step();
    expect(Buffer.concat(sent).includes("queue_full")).toBe(true);
  });

  test("goes on when the clock is put back and the rows' ids lie in the future", async () => {
    const { rows, shipping, setTime, pass } = rig(() => TAKEN);
    setTime(START - 365 * 86_400_000);
    rows.push(...Array.from({ length: 300 }, (_, n) => rowAt(n + 1)));
    expect(await shipping.step()).toMatchObject({ spans: 0 });
    rows.push(rowAt(1_000));
    pass(SETTLE_MS - 1);
    expect(await shipping.step()).toMatchObject({ spans: 0 });
    pass(1);
    expect(await shipping.step()).toMatchObject({ spans: 512, isMore: true });
    // What came after the first look has not been there long enough.
    expect(await shipping.step()).toMatchObject({ spans: 88, isMore: false });
    pass(SETTLE_MS);
    expect(await shipping.step()).toMatchObject({ spans: 2 });
  });

  test("sends again what was not taken, and loses nothing", async () => {
    const { rows, shipping, sent } = rig((_, count) =>
      count < 3 ? { kind: "later", afterMs: 7 } : TAKEN,
    );
    await shipping.step();
    rows.push(...Array.from({ length: 600 }, (_, n) => rowAt(n + 1)));
    expect(await shipping.step()).toMatchObject({ spans: 0, later: { afterMs: 7 } });
    expect(await shipping.step()).toMatchObject({ spans: 0, later: { afterMs: 7 } });
    let spans = 0;
    for (let isMore = true; isMore;) {
      const step = await shipping.step();
      spans += step.spans;
      isMore = step.isMore;
    }
    expect(spans).toBe(1_200);
    for (const row of rows) expect(sent.slice(2).filter((body) => has(body, row))).toHaveLength(1);
  });

  test("sends nothing again because its place can't be written down", async () => {
    const { rows, sent, shipping, outbox } = rig(() => TAKEN, { startAfter: rowAt(0).id });
    await shipping.step();
    const write = outbox.setHandedOver;
    outbox.setHandedOver = () => Promise.reject(new Error("the disk is full"));
    for (const n of [1, 2]) {
      rows.push(rowAt(n));
      await expect(shipping.step()).rejects.toThrow("full");
    }
    outbox.setHandedOver = write;
    rows.push(rowAt(3));
    expect(await shipping.step()).toMatchObject({ spans: 2 });
    for (const row of rows) expect(sent.filter((body) => has(body, row))).toHaveLength(1);
    expect(await outbox.handedOver()).toBe(rowAt(3).id);
  });

  test("sets aside what is refused for good, and only that", async () => {
    const bad = rowAt(37);
    const { rows, shipping, outbox } = rig((body) =>
      has(body, bad) ? { kind: "refused", status: 400 } : TAKEN,
    );
    await shipping.step();
    rows.push(...Array.from({ length: 100 }, (_, n) => rowAt(n + 1)));
    expect(await shipping.step()).toMatchObject({ spans: 198, setAside: 1, later: null });
    expect(await outbox.countSetAside()).toBe(1);
    expect(await outbox.handedOver()).toBe(rows.at(-1)?.id ?? null);
  });

  test("sets nothing aside where everything is refused, an export of nothing included", async () => {
    let isRight = false;
    const { rows, sent, shipping, outbox } = rig(() =>
      isRight ? TAKEN : { kind: "refused", status: 400 },
    );
    rows.push(...Array.from({ length: 100 }, (_, n) => rowAt(n + 1)));
    const waits = { spans: 0, setAside: 0, later: { afterMs: null } };
    expect(await shipping.step()).toMatchObject(waits);
    // Down to one row, and nothing at last.
    expect(sent.length).toBeLessThan(12);
    expect(sent.at(-1)).toHaveLength(0);
    isRight = true;
    expect(await shipping.step()).toMatchObject({ spans: 200, setAside: 0, later: null });
    expect(await outbox.countSetAside()).toBe(0);
  });

  test("leaves out what is not sampled, and goes on behind it", async () => {
    const { rows, shipping, sent, outbox } = rig(() => TAKEN, { sampledShare: 0.25 });
    await shipping.step();
    rows.push(...Array.from({ length: 200 }, (_, n) => rowAt(n + 1)));
    const { spans } = await shipping.step();
    expect(spans).toBeGreaterThan(40);
    expect(spans).toBeLessThan(180);
    for (const row of rows) {
      const isSent = sent.some((body) => has(body, row));
      expect([row.traceId, isSent]).toEqual([row.traceId, isSampled(row.traceId, 0.25)]);
    }
    expect(await outbox.handedOver()).toBe(rows.at(-1)?.id ?? null);
    const none = rig(() => TAKEN, { sampledShare: 0 });
    await none.shipping.step();
    none.rows.push(rowAt(1));
    expect(await none.shipping.step()).toMatchObject({ spans: 0, later: null });
    expect(none.sent).toHaveLength(0);
  });

  test("counts what the other side took and threw away", async () => {
    const { rows, shipping } = rig(() => ({ kind: "taken", rejectedSpans: 1 }));
    await shipping.step();
    rows.push(rowAt(1));
    expect(await shipping.step()).toMatchObject({ spans: 1, rejectedSpans: 1 });
  });

  test("believes no number of thrown away spans that can't be", async () => {
    for (const [said, rejectedSpans] of [
      [2 ** 62, 2],
      [-(2 ** 62), 0],
    ] as const) {
      const { rows, shipping } = rig(() => ({ kind: "taken", rejectedSpans: said }));
      rows.push(rowAt(1));
      expect(await shipping.step()).toMatchObject({ spans: 2 - rejectedSpans, rejectedSpans });
    }
  });
});

describe("the answer to an export", () => {
  test("is taken, later or never, by its status", () => {
    const read = (status: number, headers: [string, string][] = []) =>
      readExportAnswer(status, headers, new Uint8Array());
    expect(read(200)).toEqual(TAKEN);
    for (const status of [429, 502, 503, 504, 500, 401, 404, 302]) {
      expect([status, read(status).kind]).toEqual([status, "later"]);
    }
    for (const status of [400, 413, 415, 422]) {
      expect([status, read(status)]).toEqual([status, { kind: "refused", status }]);
    }
    // A console's page, whatever address was asked.
    const page = read(200, [["content-type", "Text/HTML; charset=utf-8"]]);
    expect(page).toEqual({ kind: "later", afterMs: null });
    for (const type of ["application/x-protobuf", "application/json", "text/plain"]) {
      expect(read(200, [["content-type", type]])).toEqual(TAKEN);
    }
    expect(read(503, [["retry-after", "3"]])).toEqual({ kind: "later", afterMs: 3_000 });
    expect(read(503, [["retry-after", "99999"]])).toEqual({ kind: "later", afterMs: 300_000 });
    expect(read(503, [["retry-after", "soon"]])).toEqual({ kind: "later", afterMs: null });
  });
});
