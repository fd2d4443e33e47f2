/** Figures as people read them. Pure. The exact value stands in the element's `title`, where something is rounded. */

const COUNT = new Intl.NumberFormat("en-US");
const COMPACT = new Intl.NumberFormat("en-US", {
  notation: "compact",
  maximumSignificantDigits: 3,
});

export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** `1,234`, `12.3K`, `4.56M`. */
export function formatCompact(value: number): string {
  return Math.abs(value) < 10_000 ? COUNT.format(value) : COMPACT.format(value);
}

const PICO_DIGITS = 12;

/** Decimal text of the admin API → pico-dollars, exactly. */
export function parsePico(usd: string): bigint {
  const [, sign, whole, fraction] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(usd) ?? [];
  if (whole === undefined) return 0n;
  const pico = BigInt(whole + (fraction ?? "").padEnd(PICO_DIGITS, "0").slice(0, PICO_DIGITS));
  return sign === "-" ? -pico : pico;
}

/**
 * Dollars from the API's decimal text: two digits from a dollar on, and more below it, so that a request of a hundredth of a cent does
 * not look free. `null` is a cost that nobody knows.
 */
export function formatUsd(usd: string | null): string {
  if (usd === null) return "unpriced";
  const pico = parsePico(usd);
  const size = pico < 0n ? -pico : pico;
  if (size === 0n) return "$0.00";
  const sign = pico < 0n ? "−" : "";
  if (size < 1_000_000n) return `${sign}<$0.000001`;
  const digits =
    size >= 995_000_000_000n ? 2 : size >= 9_950_000_000n ? 3 : size >= 99_500_000n ? 4 : 6;
  return `${sign}$${toFixed(size, digits)}`;
}

/** Of a sum: `unpriced` where no request of it has a price, so that the unknown does not look free. */
export function formatSumUsd(sum: {
  readonly cost_usd: string;
  readonly requests: number;
  readonly unpriced_requests: number;
}): string {
  const isUnknown = sum.requests > 0 && sum.unpriced_requests === sum.requests;
  return formatUsd(isUnknown ? null : sum.cost_usd);
}

/** `$12.3K`, for axes and tiles. */
export function formatUsdCompact(usd: number): string {
  const size = Math.abs(usd);
  if (size === 0) return "$0";
  if (size >= 1_000) return `$${COMPACT.format(usd)}`;
  const digits = size >= 100 ? 0 : size >= 1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(size)));
  return `$${usd.toFixed(digits)}`;
}

/** For drawing and for shares alone: sums of money are never made of these. */
export function toNumber(usd: string | null): number {
  return usd === null ? 0 : Number(usd);
}

/** Half-up; exact. */
function toFixed(pico: bigint, digits: number): string {
  const unit = 10n ** BigInt(PICO_DIGITS - digits);
  const text = String((pico + unit / 2n) / unit).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${COUNT.format(BigInt(whole))}.${text.slice(text.length - digits)}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** @param ms null: not known */
export function formatDuration(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** @param share 0 to 1; null: of nothing */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return "–";
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  return `${percent.toFixed(percent >= 100 || Number.isInteger(percent) ? 0 : 1)}%`;
}

/** Against the period before: `+12.5%`; null: there was nothing to compare with. */
export function formatChange(now: number, before: number): string | null {
  if (before === 0) return null;
  const change = (now - before) / before;
  const size = Math.abs(change) * 100;
  if (size >= 1_000) return change > 0 ? "> +999%" : "< −999%";
  return `${change < 0 ? "−" : "+"}${size.toFixed(size >= 100 ? 0 : 1)}%`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
