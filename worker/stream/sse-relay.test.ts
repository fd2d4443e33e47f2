/** The laws of streaming as properties: every recorded stream, cut at every byte. */
import { describe, expect, test } from "bun:test";
import { errorWireOf, WIRES } from "../dialects/index.ts";
import { loadFixtures, type Fixture } from "../testing/fixtures.ts";
import type { StreamEnd } from "./relay.ts";
import { SseRelay } from "./sse-relay.ts";
import { eventData, eventName, SseSplitter } from "./sse.ts";
import { Transcript } from "./transcript.ts";

const streams = loadFixtures().filter((fixture) => fixture.isStream && fixture.status === 200);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Two pieces at every byte, and single bytes. */
function* splits(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

type Settle = (end: StreamEnd) => Promise<void>;

interface Rig {
  readonly relay: SseRelay;
  readonly ends: StreamEnd[];
  /** What the client has, whether it ended, and how. */
  readonly seen: () => { text: string; end: "open" | "clean" | "broken" };
  readonly cancelled: () => boolean;
}

function rig(fixture: Fixture, hideUsage: boolean, settle: Settle = async () => undefined): Rig {
  const wire = WIRES[fixture.endpoint];
  const ends: StreamEnd[] = [];
  let received = "";
  let end: "open" | "clean" | "broken" = "open";
  let isCancelled = false;
  const relay = new SseRelay({
    requestId: "req_test",
    now: () => performance.now(),
    keepAliveMs: 60_000,
    silentSince: performance.now(),
    idleMs: 60_000,
    totalDeadline: Infinity,
    settle: (outcome) => {
      ends.push(outcome);
      return settle(outcome);
    },
    cancelUpstream: () => {
      isCancelled = true;
    },
    observer: null,
    reader: wire.openStream({ hideUsage, choices: fixture.choices }),
    errors: errorWireOf(wire),
    transcript: new Transcript(),
  });
  relay.attach({ start: () => undefined, pause: () => undefined, resume: () => undefined });
  const reader = relay.readable.getReader();
  void (async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        received += text(value);
      }
      end = "clean";
    } catch {
      end = "broken";
    }
  })();
  return { relay, ends, seen: () => ({ text: received, end }), cancelled: () => isCancelled };
}

/** Until nothing more is to be expected: a break takes two turns of the timers. */
async function settled(seen: Rig["seen"]): Promise<ReturnType<Rig["seen"]>> {
  for (let turn = 0; turn < 20 && seen().end === "open"; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return seen();
}

/** The stream without the chunk that carries usage alone. */
function withoutUsageChunk(bytes: Uint8Array): string {
  let kept = "";
  new SseSplitter().push(text(bytes), (event) => {
    const isUsage = /"usage"\s*:\s*\{/.test(event) && /"choices"\s*:\s*\[\s*\]/.test(event);
    if (!isUsage) kept += event;
  });
  return kept;
}

describe("events", () => {
  for (const fixture of streams) {
    test(`of ${fixture.name} are the same wherever it is cut`, () => {
      const read = (pieces: readonly Uint8Array[]) => {
        const events: (readonly [string | null, string | null])[] = [];
        const splitter = new SseSplitter();
        const wire = WIRES[fixture.endpoint];
        const reader = wire.openStream({ hideUsage: false, choices: fixture.choices });
        for (const piece of pieces) {
          splitter.push(text(piece), (event) => {
            events.push([eventName(event), eventData(event)]);
            reader.read(event);
          });
        }
        return { events, rest: splitter.partial.trim(), facts: reader.facts() };
      };
      const whole = read([fixture.bytes]);
      expect(whole.events.length).toBeGreaterThan(0);
      expect(whole.facts.usage).toEqual(fixture.usage);
      for (const pieces of splits(fixture.bytes)) {
        const found = read(pieces);
        // Blank lines of a CRLF pair that was cut in two may count as an empty event.
        expect({ ...found, events: found.events.filter(([, data]) => data !== null) }).toEqual({
          ...whole,
          events: whole.events.filter(([, data]) => data !== null),
        });
      }
    });
  }
});

describe("a relay", () => {
  for (const fixture of streams.filter((each) => each.isComplete)) {
    for (const hideUsage of fixture.endpoint === "chat" || fixture.endpoint === "completions"
      ? [false, true]
      : [false]) {
      test(`hands on ${fixture.name}${hideUsage ? " without its usage chunk" : ""} byte for byte, wherever it is cut`, async () => {
        const expected = hideUsage ? withoutUsageChunk(fixture.bytes) : text(fixture.bytes);
        const rigs: Rig[] = [];
        for (const pieces of [[fixture.bytes], ...splits(fixture.bytes)]) {
          const one = rig(fixture, hideUsage);
          rigs.push(one);
          for (const piece of pieces) one.relay.data(piece);
          one.relay.end();
        }
        for (const { seen, ends } of rigs) {
          const result = await settled(seen);
          if (result.text !== expected || result.end !== "clean")
            expect(result).toEqual({ text: expected, end: "clean" });
          expect(ends).toEqual([{ outcome: fixture.isError ? "upstream_error" : "ok" }]);
        }
      });
    }

    test(`withholds the end of ${fixture.name} until its row is committed`, async () => {
      let commit: () => void = () => undefined;
      const one = rig(fixture, false, () => new Promise((resolve) => (commit = resolve)));
      one.relay.data(fixture.bytes);
      one.relay.end();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const before = one.seen();
      expect(before.end).toBe("open");
      // Without a terminal unit the end of HTTP is what is withheld.
      const hasTerminalUnit = fixture.name !== "openai-chat/without-done.sse";
      if (hasTerminalUnit) expect(before.text.length).toBeLessThan(fixture.bytes.length);
      expect(before.text).not.toMatch(
        /\[DONE\]|event: (?:message_stop|response\.(?:completed|incomplete|failed))/,
      );
      commit();
      expect(await settled(one.seen)).toEqual({ text: text(fixture.bytes), end: "clean" });
    });

    test(`breaks ${fixture.name} off when its row can't be committed`, async () => {
      const one = rig(fixture, false, () => Promise.reject(new Error("disk full")));
      one.relay.data(fixture.bytes);
      one.relay.end();
      const { end, text: received } = await settled(one.seen);
      expect(end).toBe("broken");
      expect(received).toContain("store_unavailable");
    });
  }

  for (const fixture of streams) {
    test(`of ${fixture.name} broken off at any byte before its end never looks complete`, async () => {
      const wire = WIRES[fixture.endpoint];
      const rigs: (Rig & { readonly at: number; readonly mayBeWhole: boolean })[] = [];
      for (let at = 1; at < fixture.bytes.length; at++) {
        const beginning = fixture.bytes.subarray(0, at);
        // What of the beginning is whole by the dialect's own rules (a finish reason behind every choice).
        const reader = wire.openStream({ hideUsage: false, choices: fixture.choices });
        let hasEnded = false;
        const splitter = new SseSplitter();
        splitter.push(text(beginning), (event) => {
          if (reader.read(event) === "end") hasEnded = true;
        });
        if (splitter.partial !== "" && reader.read(`${splitter.partial}\n\n`) === "end")
          hasEnded = true;
        for (const how of ["end", "fail"] as const) {
          const one = rig(fixture, false);
          rigs.push({ ...one, at, mayBeWhole: hasEnded || (how === "end" && reader.isComplete()) });
          one.relay.data(beginning);
          if (how === "end") one.relay.end();
          else one.relay.fail();
        }
      }
      for (const { seen, ends, at, mayBeWhole } of rigs) {
        const { end } = await settled(seen);
        if (ends.length !== 1) expect([at, ends]).toEqual([at, [expect.anything()]]);
        if (!mayBeWhole) {
          expect([at, end]).toEqual([at, "broken"]);
          expect(["cut", "upstream_error"]).toContain(ends[0]?.outcome ?? "none");
        }
      }
    });
  }

  test("that the client leaves settles once and stops the provider", async () => {
    const fixture = streams.find((each) => each.name === "openai-chat/plain.sse");
    if (fixture === undefined) throw new Error("no such fixture");
    const one = rig(fixture, false);
    one.relay.data(fixture.bytes.subarray(0, 200));
    one.relay.abort();
    one.relay.abort();
    one.relay.fail();
    one.relay.end();
    one.relay.data(fixture.bytes.subarray(200));
    expect(one.ends).toEqual([{ outcome: "aborted" }]);
    expect(one.cancelled()).toBe(true);
  });

  describe("an event without an end", () => {
    const fixture = streams.find((each) => each.name === "openai-chat/plain.sse");
    if (fixture === undefined) throw new Error("no such fixture");
    const filler = Buffer.alloc(64 * 1024, "a");

    test("is not held back for a usage chunk that it can't be, and costs no more a byte the longer it gets", async () => {
      const one = rig(fixture, true);
      one.relay.data(Buffer.from("data: "));
      const startedAt = performance.now();
      for (let n = 0; n < 640; n++) one.relay.data(filler);
      // Looking at all of it with every piece took some ten seconds.
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      await settled(one.seen);
      expect(one.seen().text.length).toBeGreaterThan(1_000_000);
      expect(one.seen().end).toBe("open");
    });

    test("is broken off when it is longer than any that has one", async () => {
      for (const beginning of ["data: ", "event: response.completed\ndata: "]) {
        const one = rig(fixture, false);
        one.relay.data(Buffer.from(beginning));
        for (let n = 0; n < 1_025; n++) one.relay.data(filler);
        expect((await settled(one.seen)).end).toBe("broken");
        expect(one.ends).toEqual([{ outcome: "cut" }]);
        expect(one.cancelled()).toBe(true);
      }
    });
  });
});
