import { describe, expect, test } from "bun:test";
import { number, reportMarkdown } from "./report.ts";

const section = {
  title: "Speed",
  columns: ["a", "b"],
  rows: [["1", "2"]],
  notes: ["raw: 1, 2"],
  goals: [
    { text: "fast", measured: "0.7", isMet: true },
    { text: "small", measured: "9 MB", isMet: false },
    { text: "told", measured: "1", isMet: null },
  ],
};

describe("a benchmark's report", () => {
  const text = reportMarkdown({
    heading: "today",
    conditions: [["cores", "2"]],
    sections: [section],
    failures: ["ledger: no disk"],
  });

  test("says for each goal whether it was met, missed or only told", () => {
    expect(text).toContain("| fast | 0.7 | yes |");
    expect(text).toContain("| small | 9 MB | **no** |");
    expect(text).toContain("| told | 1 | – |");
  });

  test("holds the conditions, the raw values and what failed", () => {
    expect(text).toContain("| cores | 2 |");
    expect(text).toContain("| a | b |\n|---|---|\n| 1 | 2 |\n\n- raw: 1, 2");
    expect(text).toContain("**Failed:** ledger: no disk");
  });

  test("shows a dash for what was not measured", () => {
    expect([number(null), number(Number.NaN), number(1.25, 1), number(0)]).toEqual([
      "–",
      "–",
      "1.3",
      "0",
    ]);
  });
});
