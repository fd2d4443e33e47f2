import { describe, expect, test } from "bun:test";
import { Histograms } from "./histograms.ts";

describe("histograms", () => {
  test("count each time in its bucket and in all above, as Prometheus wants it", () => {
    const histograms = new Histograms();
    for (const seconds of [0.000_05, 0.000_1, 0.003, 7]) {
      histograms.observe("anyray_overhead_seconds", 'stage="admit"', seconds);
    }
    const lines = histograms.render().split("\n");
    const bucket = (bound: string) =>
      lines.find((line) => line.includes(`stage="admit",le="${bound}"`))?.split(" ")[1];
    expect([
      bucket("0.0001"),
      bucket("0.0025"),
      bucket("0.005"),
      bucket("1"),
      bucket("+Inf"),
    ]).toEqual(["2", "2", "3", "3", "4"]);
    expect(lines).toContain('anyray_overhead_seconds_count{stage="admit"} 4');
    expect(lines).toContain("# TYPE anyray_request_seconds histogram");
  });
});
