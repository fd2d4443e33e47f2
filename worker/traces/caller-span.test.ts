import { describe, expect, test } from "bun:test";
import { callerSpan, readCallerSpan } from "./caller-span.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a caller's traceparent", () => {
  test("is kept without its flags, as a link, or as the parent where callers are trusted", () => {
    for (const flags of ["00", "01", "ff"]) {
      expect(callerSpan(`00-${TRACE}-${SPAN}-${flags}`, false)).toBe(`${TRACE}-${SPAN}-link`);
    }
    const kept = callerSpan(` 00-${TRACE}-${SPAN}-01 `, true);
    expect(readCallerSpan(kept)).toEqual({ traceId: TRACE, spanId: SPAN, use: "parent" });
    expect(readCallerSpan(null)).toBeNull();
  });

  test("of a later version is read as far as it is known", () => {
    expect(callerSpan(`cc-${TRACE}-${SPAN}-01-what the future holds`, false)).toBe(
      `${TRACE}-${SPAN}-link`,
    );
  });

  test("that is not valid is left out whole", () => {
    const bad = [
      "",
      "prose",
      `ff-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01-more`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${"0".repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    ];
    for (const header of [...bad, null])
      expect([header, callerSpan(header, false)]).toEqual([header, null]);
  });
});
