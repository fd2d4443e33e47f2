/** What every chart stands in: its title, its axes in text that does not stretch, and the same figures as a table. */
import type { Children } from "@kitajs/html";

export interface TwinRow {
  readonly label: string;
  readonly values: readonly string[];
}

interface FigureProps {
  readonly title: string;
  /** Names of the table's columns, the label's first. */
  readonly columns: readonly string[];
  readonly rows: readonly TwinRow[];
  readonly children?: Children;
}

export function ChartFigure({ title, columns, rows, children }: FigureProps) {
  return (
    <figure class="chart" aria-label={title}>
      {children}
      <details class="twin">
        <summary>
          Figures<span class="hidden"> of the chart: </span>
          <span class="hidden" safe>
            {title}
          </span>
        </summary>
        <div class="table-wrap" tabindex="0" role="region" aria-label={`Figures: ${title}`}>
          <table>
            <caption class="hidden" safe>
              {title}
            </caption>
            <thead>
              <tr>
                {columns.map((name, index) => (
                  <th scope="col" class={index === 0 ? "" : "figure"} safe>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ label, values }) => (
                <tr>
                  <th scope="row" safe>
                    {label}
                  </th>
                  {values.map((value) => (
                    <td class="figure" safe>
                      {value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

interface PlotProps {
  /** Ascending; the first is the axis' foot. */
  readonly yLabels: readonly string[];
  readonly xLabels: readonly string[];
  /** The drawing: an `svg` of 1000 × 240 that may be stretched. */
  readonly children?: Children;
}

export const WIDTH = 1_000;
export const HEIGHT = 240;

/** Axes are text beside the drawing, so that they keep their size on a phone. */
export function Plot({ yLabels, xLabels, children }: PlotProps) {
  return (
    <div class="plot">
      <div class="axis-y" aria-hidden="true">
        {yLabels.toReversed().map((label) => (
          <span safe>{label}</span>
        ))}
      </div>
      <div class="drawing">{children}</div>
      <div class={xLabels.length === 1 ? "axis-x one" : "axis-x"} aria-hidden="true">
        {xLabels.map((label) => (
          <span safe>{label}</span>
        ))}
      </div>
    </div>
  );
}

export function Grid({ lines }: { readonly lines: number }) {
  return (
    <g class="grid">
      {Array.from({ length: lines }, (_, index) => {
        const y = String((HEIGHT * index) / Math.max(1, lines - 1));
        return <line x1="0" x2={String(WIDTH)} y1={y} y2={y} />;
      })}
    </g>
  );
}
