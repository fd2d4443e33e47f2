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
