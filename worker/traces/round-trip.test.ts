/** Every way in which a trace may not come back, against back ends that misbehave in just one of them. */
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createIdSource } from "../ids.ts";
import { BackendError, type BackendFailure, type TraceBackend } from "./backend/backend.ts";
import { runRoundTrip, type RoundTripOptions } from "./round-trip.ts";
import type { SendResult } from "./shipping.ts";

const INLINE = 16_384;
const ATTRIBUTE = "anyray.content.input";
/** Protobuf of the longest attribute: what stands behind its name, as long as its length says. */
function attributeOf(body: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(body);
  const [longest = ""] = (text.match(/[A-Za-z0-9+/]{400,}={0,2}/g) ?? []).toSorted(
    (a, b) => b.length - a.length,
  );
  // The bytes of the length before it may look like base64.
  return longest.slice(longest.length % 4);
}

interface Flaws {
  readonly sent?: SendResult;
  /** What the back end makes of the attribute; null: it is gone. */
  readonly change?: (text: string) => string | null;
  readonly forgets?: boolean;
  readonly finds?: readonly string[];
  readonly fails?: BackendFailure;
  /** Looks that fail before the back end is there. */
  readonly awayFor?: number;
  readonly inlineMaxBytes?: number;
}

async function trip(flaws: Flaws = {}) {
  let clock = Date.parse("2026-11-24T00:00:00Z");
  const start = clock;
  let stored: { readonly text: string; readonly traceId: string } | null = null;
  let [away, sentText] = [flaws.awayFor ?? 0, ""];
  const traceId = createIdSource(() => clock, null).traceId();
  const backend: TraceBackend = {
    name: "tempo",
    async trace(id) {
      if (flaws.fails !== undefined) throw new BackendError(flaws.fails);
      if (away-- > 0) throw new BackendError("backend_away");
      if (stored === null || id !== stored.traceId) return null;
      const value = (flaws.change ?? ((text) => text))(stored.text);
      const span = { traceId: id, spanId: id.slice(16), parentSpanId: null, name: "n" };
      const rest = { kind: "server" as const, startMs: start, endMs: start, isError: false };
      const attributes = new Map(value === null ? [] : [[ATTRIBUTE, value]]);
      return { spans: [{ ...span, ...rest, attributes }], isPartial: false };
    },
    async find({ requestId, fromMs, toMs }) {
      expect(requestId).toBe(`req_${traceId}`);
      expect(fromMs).toBeLessThan(start);
      expect(toMs).toBeGreaterThan(clock);
      return flaws.finds ?? [traceId];
    },
  };
  const options: RoundTripOptions = {
    backend,
    resource: { attributes: {}, serviceName: "s", serviceVersion: "1", instanceId: "i" },
    inlineMaxBytes: flaws.inlineMaxBytes ?? INLINE,
    newTraceId: () => traceId,
    now: () => clock,
    random: randomBytes,
    sleep: async (ms) => void (clock += ms),
    async send(body) {
      sentText = attributeOf(body);
      if (flaws.forgets !== true) stored = { text: sentText, traceId };
      return flaws.sent ?? { kind: "taken", rejectedSpans: 0 };
    },
  };
  return { ...(await runRoundTrip(options)), sentText, traceId, waitedMs: clock - start };
}

describe("the round trip", () => {
  test("is good when the trace comes back whole, by id and by search", async () => {
    expect(await trip()).toMatchObject({ code: "ok", readLength: null });
    expect(await trip({ awayFor: 5 })).toMatchObject({ code: "ok" });
  });

  test("sends a canary that is nearly as large as an inline part may be, and never larger", async () => {
    for (const inlineMaxBytes of [1_024, 16_384, 49_152]) {
      const { sentLength, sentText } = await trip({ inlineMaxBytes });
      expect(sentText).toHaveLength(sentLength);
      const bytes = Buffer.from(sentText, "base64").length;
      expect(bytes).toBeLessThanOrEqual(inlineMaxBytes);
      expect(bytes).toBeGreaterThan(inlineMaxBytes * 0.8);
    }
  });

  test("names what is wrong", async () => {
    const cases: readonly [string, Flaws][] = [
      ["collector_away", { sent: { kind: "later", afterMs: null } }],
      ["collector_refused", { sent: { kind: "refused", status: 400 } }],
      ["collector_refused", { sent: { kind: "taken", rejectedSpans: 1 } }],
      ["trace_not_found", { forgets: true }],
      ["content_cut", { change: () => null }],
      ["content_altered", { change: (text) => `A${text.slice(1, -1)}B` }],
      ["content_altered", { change: (text) => `${text}=` }],
      ["trace_not_searchable", { finds: [] }],
      ["trace_not_searchable", { finds: ["0".repeat(32)] }],
      ["backend_away", { fails: "backend_away" }],
      ["backend_refused", { fails: "backend_refused" }],
      ["backend_unreadable", { fails: "backend_unreadable" }],
    ];
    for (const [code, flaws] of cases)
      expect([code, (await trip(flaws)).code]).toEqual([code, code]);
    expect(await trip({ change: (text) => text.slice(0, 2_048) })).toMatchObject({
      code: "content_cut",
      readLength: 2_048,
    });
  });

  test("waits for a slow back end, but not without end", async () => {
    expect((await trip({ forgets: true })).waitedMs).toBe(30_000);
    expect((await trip({ fails: "backend_refused" })).waitedMs).toBe(0);
  });
});
