/** Ranges as links: the one that is shown is marked, the rest of the address stays. */
import { RANGES, type Range } from "../range.ts";

interface RangePickerProps {
  readonly range: Range;
  readonly hrefFor: (name: string) => string;
}

export function RangePicker({ range, hrefFor }: RangePickerProps) {
  return (
    <nav class="choices" aria-label="Range">
      {RANGES.map(({ name, label }) => (
        <a
          href={hrefFor(name)}
          {...(name === range.name ? { "aria-current": "true" as const } : {})}
          safe
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
