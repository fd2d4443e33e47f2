/** What happened when, within one whole: a row a part, its bar where it lay. A table, so that it reads in order without the bars. */
import { formatDuration } from "../format.ts";

export interface WaterfallRow {
  readonly label: string;
  /** 0: the whole; its parts are 1, and theirs 2. */
  readonly depth: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly tone?: "plain" | "good" | "bad" | "quiet";
  readonly note?: string;
  /** A link to what the row stands for, within the page. */
  readonly href?: string;
}

interface WaterfallProps {
  readonly title: string;
  readonly rows: readonly WaterfallRow[];
}

const UNITS = 1_000;
/** What took no time is still seen. */
const MIN_UNITS = 4;
const MAX_DEPTH = 4;

export function Waterfall({ title, rows }: WaterfallProps) {
  const end = Math.max(...rows.map(({ startMs, durationMs }) => startMs + durationMs), 1);
  return (
    <div class="table-wrap" tabindex="0" role="region" aria-label={title}>
      <table class="waterfall">
        <caption class="hidden" safe>
          {title}
        </caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">
              <span class="hidden">Where it lies, of </span>
              <span safe>{formatDuration(end)}</span>
            </th>
            <th scope="col" class="figure minor">
              Start
            </th>
            <th scope="col" class="figure">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const x = Math.min(UNITS - MIN_UNITS, Math.round((UNITS * row.startMs) / end));
            const width = Math.max(MIN_UNITS, Math.round((UNITS * row.durationMs) / end));
            return (
              <tr>
                <th scope="row" class={`depth-${Math.min(MAX_DEPTH, row.depth)}`}>
                  {row.href === undefined ? (
                    <span safe>{row.label}</span>
                  ) : (
                    <a href={row.href} safe>
                      {row.label}
                    </a>
                  )}
                  {row.note === undefined ? null : (
                    <span class="bar-note" safe>
                      {row.note}
                    </span>
                  )}
                </th>
                <td class="waterfall-bar">
                  <svg
                    viewBox={`0 0 ${UNITS} 10`}
                    preserveAspectRatio="none"
                    aria-hidden="true"
                    focusable="false"
                  >
                    <rect class="bar-track" y="4.5" width={String(UNITS)} height="1" />
                    <rect
                      class={`bar-fill ${row.tone ?? "plain"}`}
                      x={String(x)}
                      width={String(Math.min(width, UNITS - x))}
                      height="10"
                    />
                  </svg>
                </td>
                <td class="figure minor" safe>
                  {formatDuration(row.startMs)}
                </td>
                <td class="figure" safe>
                  {formatDuration(row.durationMs)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
