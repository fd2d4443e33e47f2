/** A ranking: a table whose rows carry a bar. It is its own twin for those who don't see the bars. */

export interface BarRow {
  readonly label: string;
  readonly href?: string;
  readonly value: number;
  readonly shown: string;
  /** The exact value, where the shown one is rounded. */
  readonly exact?: string;
  readonly note?: string;
}

interface BarsProps {
  readonly title: string;
  readonly labelHead: string;
  readonly valueHead: string;
  readonly rows: readonly BarRow[];
}

export function Bars({ title, labelHead, valueHead, rows }: BarsProps) {
  const top = Math.max(...rows.map(({ value }) => value), 0) || 1;
  return (
    <table class="bars">
      <caption class="hidden" safe>
        {title}
      </caption>
      <thead class="hidden">
        <tr>
          <th scope="col" safe>
            {labelHead}
          </th>
          <th scope="col" safe>
            {valueHead}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            <th scope="row">
              {row.href === undefined ? (
                <span class="bar-label" safe>
                  {row.label}
                </span>
              ) : (
                <a class="bar-label" href={row.href} safe>
                  {row.label}
                </a>
              )}
              <Bar share={row.value / top} />
            </th>
            <td class="figure" {...(row.exact === undefined ? {} : { title: row.exact })}>
              <span safe>{row.shown}</span>
              {row.note === undefined ? null : (
                <span class="bar-note" safe>
                  {row.note}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const BAR_UNITS = 1_000;

/** A filled part of a line. @param share 0 to 1 */
export function Bar({
  share,
  tone = "plain",
}: {
  readonly share: number;
  readonly tone?: "plain" | "warning" | "bad";
}) {
  const width = Math.round(Math.max(0, Math.min(1, share)) * BAR_UNITS);
  return (
    <svg
      class={`bar ${tone}`}
      viewBox={`0 0 ${BAR_UNITS} 1`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <rect class="bar-track" width={String(BAR_UNITS)} height="1" />
      <rect class="bar-fill" width={String(width)} height="1" />
    </svg>
  );
}
