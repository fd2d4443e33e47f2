/** A course without axes, beside a figure that names it. Says nothing to those who don't see it: the figure does. */
import { place, thin } from "./scale.ts";

const MAX_POINTS = 60;
const WIDTH = 120;
const HEIGHT = 28;

export function Spark({ values }: { readonly values: readonly number[] }) {
  const shown = thin(
    values.map((value) => ({ label: "", value })),
    MAX_POINTS,
  );
  const top = Math.max(...shown.map(({ value }) => value), 0) || 1;
  const step = WIDTH / Math.max(1, shown.length - 1);
  const line = shown
    .map(
      ({ value }, index) =>
        `${index === 0 ? "M" : "L"}${place(index * step)} ${place(HEIGHT - 1 - ((HEIGHT - 2) * value) / top)}`,
    )
    .join("");
  if (shown.length < 2) return null;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path class="area" d={`${line}V${HEIGHT}H0Z`} />
      <path class="line" d={line} />
    </svg>
  );
}
