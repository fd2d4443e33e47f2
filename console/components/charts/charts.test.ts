/** Charts: readable with no point, with one, and with ten thousand. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { axisLabels, thin, ticks } from "./scale.ts";
import { Stacked } from "./stacked.tsx";
import { Trend } from "./trend.tsx";
import { Waterfall } from "./waterfall.tsx";

const points = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ label: `p${index}`, value: index % 97 }));
const trend = async (count: number): Promise<string> =>
  Trend({ title: "T", unit: "Requests", points: points(count), format: String });
const countOf = (html: string, part: string) => html.split(part).length - 1;

describe("a trend", () => {
  test("of one point is a dash that is seen, with its figure", async () => {
    const html = await trend(1);
    expect(html).toContain('class="line" d="M492 240H508"');
    expect(html).toContain("<title>p0: 0</title>");
    expect(html).not.toContain("NaN");
  });

  test("of none is an empty plane", async () => {
    const html = await trend(0);
    expect(html).not.toContain("NaN");
    expect(countOf(html, "<title>")).toBe(0);
  });

  test("of ten thousand has as many spots as can be told apart, keeps the peak, and stays light", async () => {
    const html = await trend(10_000);
    expect(countOf(html, 'class="spot"')).toBe(120);
    expect(html).toContain(": 96</title>");
    expect(html.length).toBeLessThan(40_000);
  });

  test("has a title, axes, and a table of the same figures", async () => {
    const html = await trend(30);
    expect(html).toContain('role="img" aria-label="T"');
    expect(countOf(html, '<th scope="row">')).toBe(30);
    expect(html).toContain('<div class="axis-y" aria-hidden="true">');
  });
});

describe("stacked bars", () => {
  const render = async (steps: number, series: number): Promise<string> =>
    Stacked({
      title: "S",
      labels: points(steps).map(({ label }) => label),
      series: Array.from({ length: series }, (_, index) => ({
        name: `s${index}`,
        values: points(steps).map(() => 1),
      })),
      format: String,
    });

  test("show six names at most, the rest as one, and the sum whole", async () => {
    const html = await render(3, 9);
    expect(html).toContain("4 others");
    expect(countOf(html, "<li>")).toBe(6);
    expect(html).toContain("s0: 1\ns1: 1\ns2: 1\ns3: 1\ns4: 1\n4 others: 4</title>");
  });

  test("sum steps that stand too close", async () => {
    const html = await render(10_000, 1);
    expect(countOf(html, 'class="spot"')).toBeLessThanOrEqual(120);
    expect(html).toContain("p0 – p83\ns0: 84</title>");
  });

  test("of nothing are nothing", async () => {
    expect(await render(0, 0)).not.toContain("NaN");
  });
});

test("a waterfall shows what took no time, within its whole", async () => {
  const html = await Waterfall({
    title: "W",
    rows: [
      { label: "all", depth: 0, startMs: 0, durationMs: 100 },
      { label: "end", depth: 9, startMs: 100, durationMs: 0 },
    ],
  });
  expect(html).toContain('x="996" width="4"');
  expect(html).toContain('class="depth-4"');
});

describe("scales", () => {
  test("hold the largest value in three to six round steps from nothing", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e12, noNaN: true }), (max) => {
        const found = ticks(max);
        expect(found[0]).toBe(0);
        expect(found.at(-1) ?? 0).toBeGreaterThanOrEqual(max * (1 - 1e-9));
        expect(found.length).toBeGreaterThanOrEqual(3);
        expect(found.length).toBeLessThanOrEqual(6);
      }),
    );
    expect(ticks(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(ticks(0)).toEqual([0, 1]);
  });

  test("thin points without losing the highest, or a point's place", () => {
    const values = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (all, most) => {
        const thinned = thin(
          all.map((value, index) => ({ label: String(index), value })),
          most,
        );
        expect(thinned.length).toBe(Math.min(most, all.length));
        expect(Math.max(...thinned.map(({ value }) => value))).toBe(Math.max(...all));
        expect(thinned.at(-1)?.label.split(" – ").at(-1)).toBe(String(all.length - 1));
      }),
    );
  });

  test("put the first and the last label below the axis", () => {
    const labels = points(31).map(({ label }) => label);
    const shown = axisLabels(labels, 6);
    expect([shown.length, shown[0], shown.at(-1)]).toEqual([6, "p0", "p30"]);
  });
});
