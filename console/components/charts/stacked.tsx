/** Parts of a whole over time: one bar a step, its parts one on the other, the same colour for the same name throughout. */
import { ChartFigure, Grid, HEIGHT, Plot, WIDTH } from "./figure.tsx";
import { axisLabels, place, ticks } from "./scale.ts";

const MAX_BARS = 120;
const MAX_X_LABELS = 6;
/** As many as can be told apart; what is more joins "other". */
export const MAX_SERIES = 6;

export interface Series {
  readonly name: string;
  /** One a step. */
  readonly values: readonly number[];
}

interface StackedProps {
  readonly title: string;
  readonly labels: readonly string[];
  /** The largest first. */
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly formatAxis?: (value: number) => string;
}

export function Stacked({ title, labels, series, format, formatAxis = format }: StackedProps) {
  const bars = gather(labels, withOther(series));
  const { names } = bars;
  const totals = bars.steps.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const scale = ticks(Math.max(...totals, 0));
  const top = scale.at(-1) ?? 1;
  const step = WIDTH / Math.max(1, bars.steps.length);
  const gap = Math.min(step * 0.24, 6);
  const rows = bars.steps.map(({ label, values }) => ({ label, values: values.map(format) }));
  return (
    <ChartFigure title={title} columns={["Time", ...names]} rows={rows}>
      <Legend names={names} />
      <Plot
        yLabels={scale.map(formatAxis)}
        xLabels={axisLabels(
          bars.steps.map(({ label }) => label.split(" – ")[0] ?? ""),
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
          {bars.steps.map(({ label, values }, index) => (
            <g class="spot">
              <rect x={place(index * step)} y="0" width={place(step)} height={String(HEIGHT)} />
              {pile(values, top).map(({ part, y, height }) => (
                <rect
                  class={`part series-${part + 1}`}
                  x={place(index * step + gap / 2)}
                  y={place(y)}
                  width={place(step - gap)}
                  height={place(height)}
                />
              ))}
              <title safe>{tooltip(label, names, values.map(format))}</title>
            </g>
          ))}
        </svg>
      </Plot>
    </ChartFigure>
  );
}

/** Where each part lies, the first at the bottom; what is nothing has no place. */
function pile(values: readonly number[], top: number) {
  let below = 0;
  return values
    .map((value, part) => {
      const height = (HEIGHT * value) / top;
      below += height;
      return { part, y: HEIGHT - below, height };
    })
    .filter(({ height }) => height > 0);
}

function tooltip(label: string, names: readonly string[], values: readonly string[]): string {
  return [label, ...names.map((name, index) => `${name}: ${values[index]}`)].join("\n");
}

function Legend({ names }: { readonly names: readonly string[] }) {
  return (
    <ul class="legend" aria-hidden="true">
      {names.map((name, index) => (
        <li>
          <svg class={`swatch series-${index + 1}`} viewBox="0 0 8 8">
            <rect width="8" height="8" rx="2" />
          </svg>
          <span safe>{name}</span>
        </li>
      ))}
    </ul>
  );
}

function withOther(series: readonly Series[]): readonly Series[] {
  if (series.length <= MAX_SERIES) return series;
  const shown = series.slice(0, MAX_SERIES - 1);
  const rest = series.slice(MAX_SERIES - 1);
  const length = Math.max(...rest.map(({ values }) => values.length));
  const values = Array.from({ length }, (_, index) =>
    rest.reduce((sum, each) => sum + (each.values[index] ?? 0), 0),
  );
  return [...shown, { name: `${rest.length} others`, values }];
}

/** Steps that stand too close to be told apart are summed. */
function gather(labels: readonly string[], series: readonly Series[]) {
  const size = Math.max(1, Math.ceil(labels.length / MAX_BARS));
  const steps = Array.from({ length: Math.ceil(labels.length / size) }, (_, index) => {
    const [from, to] = [index * size, Math.min(labels.length, (index + 1) * size)];
    const [first, last] = [labels[from] ?? "", labels[to - 1] ?? ""];
    return {
      label: first === last ? first : `${first} – ${last}`,
      values: series.map(({ values }) =>
        values.slice(from, to).reduce((sum, value) => sum + value, 0),
      ),
    };
  });
  return { names: series.map(({ name }) => name), steps };
}
