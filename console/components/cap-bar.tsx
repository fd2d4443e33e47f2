/** A cap and what is used of it, in words and as a bar. */
import { Bar } from "./charts/bars.tsx";
import { formatCount, formatShare, formatUsd } from "./format.ts";

export interface CapUse {
  readonly unit: string;
  readonly amount: string;
  readonly used: string;
  readonly percent: number;
  readonly window: string;
  readonly mode: string;
  readonly warn_percent: number | null;
}

export function CapBar({ cap }: { readonly cap: CapUse }) {
  const { unit, amount, used, percent, window, mode } = cap;
  const tone = percent >= 100 ? "bad" : percent >= (cap.warn_percent ?? 80) ? "warning" : "plain";
  return (
    <div class="cap">
      <p>
        <span safe>{`${amountText(unit, used)} of ${amountText(unit, amount)}`}</span>
        <span class="muted" safe>
          {` · ${formatShare(percent / 100)} ${window === "day" ? "today" : `this ${window}`}${mode === "soft" ? ", soft" : ""}`}
        </span>
      </p>
      <Bar share={percent / 100} tone={tone} />
    </div>
  );
}

export function amountText(unit: string, amount: string): string {
  if (unit === "usd") return formatUsd(amount);
  return /^\d{1,15}$/.test(amount) ? `${formatCount(Number(amount))} tokens` : `${amount} ${unit}`;
}
