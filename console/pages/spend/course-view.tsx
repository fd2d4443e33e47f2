/** Spend over time, the costliest apart. */
import { stepLabel } from "../../components/charts/labels.ts";
import { Stacked, type Series } from "../../components/charts/stacked.tsx";
import { formatUsd, formatUsdCompact } from "../../components/format.ts";
import { Panel } from "../../components/head.tsx";
import type { Range } from "../../range.ts";
import type { Visit } from "../../visit.ts";
import { labelOf } from "./query.ts";

export interface CourseFacts {
  readonly range: Range;
  /** The group's name in the API. */
  readonly by: string;
  readonly steps: readonly string[];
  readonly series: readonly Series[];
}

export function courseView(visit: Visit, { range, by, steps, series }: CourseFacts): JSX.Element {
  return (
    <Panel title="Over time" hint={range.step === "day" ? "A day is a day in UTC" : "By the hour"}>
      <Stacked
        title={`Spend by ${labelOf(by).toLowerCase()}, ${range.label}`}
        labels={steps.map((step) => stepLabel(step, visit.preferences.zone))}
        series={series}
        format={(value) => formatUsd(value.toFixed(12))}
        formatAxis={formatUsdCompact}
      />
    </Panel>
  );
}
