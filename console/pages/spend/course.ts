/** Spend over time, a series a group: out of the report by group and step. Pure; for drawing. */
import type { Series } from "../../components/charts/stacked.tsx";
import { toNumber } from "../../components/format.ts";

interface CourseGroup {
  readonly day?: string | null;
  readonly hour?: string | null;
  readonly cost_usd: string;
}

/**
 * The costliest series first.
 * @param nameOf of a group's series
 */
export function seriesOf<Group extends CourseGroup>(
  groups: readonly Group[],
  steps: readonly string[],
  nameOf: (group: Group) => string,
): readonly Series[] {
  const places = new Map(steps.map((step, index) => [step, index]));
  const found = new Map<string, number[]>();
  for (const group of groups) {
    const at = places.get(group.hour ?? group.day ?? "");
    if (at === undefined) continue;
    const name = nameOf(group);
    const values = found.get(name) ?? steps.map(() => 0);
    values[at] = (values[at] ?? 0) + toNumber(group.cost_usd);
    found.set(name, values);
  }
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return [...found]
    .map(([name, values]) => ({ name, values }))
    .sort((a, b) => total(b.values) - total(a.values));
}

const OTHERS = "All others";

/** The named series, and one for what is left of the whole; not shown where nothing is. */
export function wholeSeries(
  whole: readonly CourseGroup[],
  named: readonly { readonly name: string; readonly groups: readonly CourseGroup[] }[],
  steps: readonly string[],
): readonly Series[] {
  const valuesOf = (groups: readonly CourseGroup[]) =>
    seriesOf(groups, steps, () => "")[0]?.values ?? steps.map(() => 0);
  const series = named.map(({ name, groups }) => ({ name, values: valuesOf(groups) }));
  const left = valuesOf(whole).map((value, index) =>
    Math.max(0, value - series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
  );
  // Below a millionth of a dollar it is what rounding leaves.
  return left.some((value) => value > 1e-6) ? [...series, { name: OTHERS, values: left }] : series;
}
