import { describe, expect, test } from "bun:test";
import { Strangers } from "./strangers.ts";

describe("strangers", () => {
  test("are told to wait after three hundred refusals in a minute, each address apart, and begin anew", () => {
    let now = 0;
    const strangers = new Strangers(() => now);
    for (let n = 0; n < 300; n++) expect(strangers.failed("192.0.2.1")).toBeNull();
    expect(strangers.failed("192.0.2.1")).toBe(60);
    now = 40_000;
    expect(strangers.failed("192.0.2.1")).toBe(20);
    expect(strangers.failed("192.0.2.2")).toBeNull();
    now = 60_000;
    expect(strangers.failed("192.0.2.1")).toBeNull();
  });

  test("of any number take a bounded place in memory", () => {
    const strangers = new Strangers(() => 0);
    for (let n = 0; n < 25_000; n++) strangers.failed(`a${n}`);
    for (let n = 0; n < 300; n++) strangers.failed("a24999");
    expect(strangers.failed("a24999")).not.toBeNull();
    expect(strangers.failed("a0")).toBeNull();
  });
});
