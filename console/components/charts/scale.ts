/** Arithmetic of the charts: axis ticks, and fewer points than there are. Pure. Figures here are for drawing; sums are made elsewhere. */

/** Round steps from 0 to a top that holds the largest value; 3 to 6 of them. */
export function ticks(max: number): readonly number[] {
  if (!Number.isFinite(max) || max <= 0) return [0, 1];
  const raw = max / 4;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * unit >= raw) ?? 10) * unit;
  const count = Math.ceil(max / step - 1e-9);
  // Made by division, so that 3 × 0.1 is 0.3.
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

export interface Point {
  readonly label: string;
  readonly value: number;
}

export interface Bucket {
  /** Of the first point, and of the last where there are several. */
  readonly label: string;
  /** Of the largest: a peak is what a reader looks for. */
  readonly value: number;
}

/** No more buckets than given, each of neighbouring points; a bucket is as high as its highest point. */
export function thin(points: readonly Point[], most: number): readonly Bucket[] {
  if (points.length <= most) return points;
  const size = points.length / most;
  return Array.from({ length: most }, (_, index) => {
    const part = points.slice(Math.floor(index * size), Math.floor((index + 1) * size));
    const [first, last] = [part[0], part.at(-1)];
    const label = first?.label === last?.label ? first?.label : `${first?.label} – ${last?.label}`;
    return { label: label ?? "", value: Math.max(...part.map(({ value }) => value)) };
  });
}

/** Which of the labels stand below the axis: the first, the last, and evenly between. */
export function axisLabels(labels: readonly string[], most: number): readonly string[] {
  if (labels.length <= most) return labels;
  return Array.from(
    { length: most },
    (_, index) => labels[Math.round((index * (labels.length - 1)) / (most - 1))] ?? "",
  );
}

/** For attributes: three digits are a thousandth of the drawing's width. */
export function place(value: number): string {
  return String(Math.round(value * 100) / 100);
}
