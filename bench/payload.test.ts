import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { JSON_ANSWER, requestBody, SSE_CHUNKS, sseEvents } from "./payload.ts";

describe("a benchmark's request", () => {
  test("has exactly the size that was asked for, and is valid JSON", () => {
    const sizes = [200, 600, 1_024, 2_047, 2_300, 2_500, 4_400, 32_768, 409_600];
    for (let size = 600; size < 700; size++) sizes.push(size);
    for (const shape of ["json", "sse"] as const) {
      for (const size of sizes) {
        const body = requestBody(shape, size);
        expect(Buffer.byteLength(body)).toBe(size);
        expect(JSON.parse(body).stream).toBe(shape === "sse" ? true : undefined);
      }
    }
  });
});

describe("the mock provider's answer", () => {
  test("is valid JSON of about 600 bytes with usage", () => {
    expect(JSON.parse(JSON_ANSWER).usage.total_tokens).toBe(140);
    expect(Math.abs(JSON_ANSWER.length - 600)).toBeLessThan(100);
  });

  test("streams 20 chunks that parse, then usage only when asked, then [DONE]", () => {
    expect(sseEvents(false)).toHaveLength(SSE_CHUNKS + 1);
    expect(sseEvents(true)).toHaveLength(SSE_CHUNKS + 2);
    const [done, usage] = sseEvents(true).toReversed();
    expect(done).toBe("data: [DONE]\n\n");
    expect(JSON.parse((usage ?? "").slice(6)).usage.total_tokens).toBe(140);
    for (const event of sseEvents(false).slice(0, -1)) {
      expect(JSON.parse(event.slice(6)).choices).toHaveLength(1);
    }
  });
});
