/** A course over time: an area below a line, with the period before as a dashed line. */
import { ChartFigure, Grid, HEIGHT, Plot, WIDTH } from "./figure.tsx";
import { axisLabels, place, thin, ticks, type Point } from "./scale.ts";

/** As many as a wide screen can tell apart, and few enough for a light page. */
const MAX_POINTS = 120;
const MAX_X_LABELS = 6;

interface TrendProps {
  readonly title: string;
  /** Of what `value` counts: the table's column. */
  readonly unit: string;
  readonly points: readonly Point[];
  /** Of the period before, point by point. */
  readonly before?: readonly number[];
  readonly format: (value: number) => string;
  /** Default: `format`. */
  readonly formatAxis?: (value: number) => string;
}

export function Trend({ title, unit, points, before, format, formatAxis = format }: TrendProps) {
  const shown = thin(points, MAX_POINTS);
  const earlier =
    before === undefined
      ? null
      : thin(
          before.map((value) => ({ label: "", value })),
          MAX_POINTS,
        ).map(({ value }) => value);
  const scale = ticks(Math.max(...shown.map(({ value }) => value), ...(earlier ?? []), 0));
  const top = scale.at(-1) ?? 1;
  const line = pathOf(
    shown.map(({ value }) => value),
    top,
  );
  const columns = ["Time", unit, ...(earlier === null ? [] : ["Period before"])];
  const rows = shown.map(({ label, value }, index) => ({
    label,
    values: [format(value), ...(earlier === null ? [] : [format(earlier[index] ?? 0)])],
  }));
  const step = WIDTH / Math.max(1, shown.length);
  return (
    <ChartFigure title={title} columns={columns} rows={rows}>
      <Plot
        yLabels={scale.map(formatAxis)}
        xLabels={axisLabels(
          shown.map(({ label }) => label.split(" – ")[0] ?? ""),
          MAX_X_LABELS,
        )}
      >
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={title}
        >
          <Grid lines={scale.length} />
          {shown.length > 1 ? <path class="area" d={`${line}V${HEIGHT}H0Z`} /> : null}
          {earlier === null ? null : <path class="line before" d={pathOf(earlier, top)} />}
          <path class="line" d={line} />
          {shown.map(({ label, value }, index) => (
            <g class="spot">
              <rect x={place(index * step)} y="0" width={place(step)} height={String(HEIGHT)} />
              <title safe>{`${label}: ${format(value)}`}</title>
            </g>
          ))}
        </svg>
      </Plot>
    </ChartFigure>
  );
}

/** One point is a short dash in the middle: a path of no length would not be seen. */
function pathOf(values: readonly number[], top: number): string {
  const y = (value: number) => place(HEIGHT - (HEIGHT * value) / top);
  if (values.length === 1) {
    return `M${WIDTH / 2 - 8} ${y(values[0] ?? 0)}H${WIDTH / 2 + 8}`;
  }
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map((value, index) => `${index === 0 ? "M" : "L"}${place(index * step)} ${y(value)}`)
    .join("");
}
