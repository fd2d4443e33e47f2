import { describe, expect, test } from "bun:test";
import { utf8Bytes } from "../bytes.ts";
import type { ContentMode } from "../privacy/mode.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { mediaOf, Recording, type RecordedContent, type RecordedPart } from "./recording.ts";

function rig(maxPartBytes = 1_000, budgetBytes = 1_000_000, mode: ContentMode = "encrypted") {
  const received: RecordedContent[] = [];
  let dropped = 0;
  const budget = new MemoryBudget(budgetBytes, budgetBytes);
  const recording = new Recording({
    traceId: "a".repeat(32),
    timeMs: 5,
    mode: "encrypted",
    modeNow: () => mode,
    budget,
    maxPartBytes,
    receive: (content) => received.push(content),
    drop: () => void dropped++,
  });
  return { recording, received, budget, dropped: () => dropped };
}

const textOf = ({ chunks }: RecordedPart) =>
  chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");

describe("a recording", () => {
  test("hands over what was sent and what was answered, once, in order", () => {
    const { recording, received, budget } = rig();
    recording.attribute("key user a", "k");
    recording.input(utf8Bytes("asked"), "json");
    recording.output("event-stream");
    for (const piece of ["a", "bc", "", "def"]) recording.write(utf8Bytes(piece));
    recording.end(true);
    recording.end(false);
    recording.write(utf8Bytes("late"));
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      subject: "key user a",
      timeMs: 5,
      heldBytes: 11,
      holder: "k",
    });
    const [input, output] = received[0]?.parts ?? [];
    expect([input?.media, input?.isCut, input && textOf(input)]).toEqual(["json", false, "asked"]);
    expect([output?.media, output?.isCut, output && textOf(output)]).toEqual([
      "event-stream",
      true,
      "abcdef",
    ]);
    expect(budget.usedBytes).toBe(11);
  });

  test("keeps no reference to the buffers that small pieces are slices of", () => {
    const { recording, received } = rig(1_000_000);
    recording.attribute("s", "k");
    recording.output("event-stream");
    const socketBuffer = new Uint8Array(65_536).fill(0x61);
    for (let i = 0; i < 5_000; i++) recording.write(socketBuffer.subarray(i, i + 20));
    recording.end(false);
    const [output] = received[0]?.parts ?? [];
    expect(output === undefined ? "" : textOf(output)).toBe("a".repeat(100_000));
    expect(output?.chunks.some(({ buffer }) => buffer === socketBuffer.buffer)).toBe(false);
    // And what is kept is not much more than was seen.
    const buffers = new Set(output?.chunks.map(({ buffer }) => buffer));
    const kept = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(kept).toBeLessThan(150_000);
  });

  test("an answer above the bound is left out, says so, and gives its memory back", () => {
    const { recording, received, budget } = rig(10);
    recording.attribute("s", "k");
    recording.input(utf8Bytes("in"), "json");
    recording.output("json");
    recording.write(utf8Bytes("12345678"));
    recording.write(utf8Bytes("123"));
    recording.write(utf8Bytes("more"));
    expect(budget.usedBytes).toBe(2);
    recording.end(false);
    expect(received[0]?.heldBytes).toBe(2);
    expect(received[0]?.parts[1]).toMatchObject({ omitted: "too_large", chunks: [] });
  });

  test("what finds no room in memory is left out and says so", () => {
    const { recording, received, budget } = rig(1_000, 8);
    recording.attribute("s", "k");
    recording.input(utf8Bytes("123456"), "json");
    recording.output("json");
    recording.write(utf8Bytes("12"));
    recording.write(utf8Bytes("3"));
    recording.end(false);
    expect(received[0]?.parts.map(({ omitted }) => omitted)).toEqual([null, "queue_full"]);
    budget.give(received[0]?.heldBytes ?? 0, "k");
    expect(budget.usedBytes).toBe(0);
  });

  test("of one holder leaves room for the others', and gets its own back", () => {
    const budget = new MemoryBudget(100, 75);
    expect(budget.take(70, "a")).toBe(true);
    expect([budget.take(6, "a"), budget.take(5, "a")]).toEqual([false, true]);
    expect([budget.take(26, "b"), budget.take(25, "b")]).toEqual([false, true]);
    budget.give(75, "a");
    expect([budget.take(76, "b"), budget.take(50, "b"), budget.take(25, "c")]).toEqual([
      false,
      true,
      true,
    ]);
    expect(budget.usedBytes).toBe(100);
  });

  test("of an unknown caller, or of nothing, is dropped with its memory", () => {
    const unknown = rig();
    unknown.recording.input(utf8Bytes("in"), "json");
    unknown.recording.end(false);
    const empty = rig();
    empty.recording.attribute("s", "k");
    empty.recording.end(false);
    expect([...unknown.received, ...empty.received]).toEqual([]);
    expect([unknown.dropped(), empty.dropped()]).toEqual([1, 1]);
    expect(unknown.budget.usedBytes).toBe(0);
  });

  test("has the lower of the modes at accept and now", () => {
    const modes: readonly ContentMode[] = ["plaintext", "encrypted", "off"];
    const found = modes.map((mode) => rig(10, 10, mode).recording.mode);
    expect(found).toEqual(["encrypted", "encrypted", "off"]);
  });

  test("knows media by their type, whatever its parameters", () => {
    const types = [
      ["application/json", "json"],
      ["application/problem+json; charset=utf-8", "json"],
      ["Text/Event-Stream; charset=utf-8", "event-stream"],
      ["image/png", "other"],
      ["application/jsonl", "other"],
      [null, "other"],
    ] as const;
    for (const [type, media] of types) expect([type, mediaOf(type)]).toEqual([type, media]);
  });
});
