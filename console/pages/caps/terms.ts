/** A cap, as the API gives it and as its forms have it. */
import type { AdminApi } from "../../api.ts";
import type { CapUse } from "../../components/cap-bar.tsx";

type CapsAnswer = NonNullable<Awaited<ReturnType<AdminApi["caps"]["get"]>>["data"]>;
export type Cap = CapsAnswer["caps"][number];
export type Usage = Cap["usage"][number];

/** As it stands in the fields. */
export interface TypedCap {
  readonly scope: string;
  readonly scope_id: string;
  readonly unit: string;
  readonly amount: string;
  readonly window: string;
  readonly time_zone: string;
  readonly mode: string;
  readonly warn_percent: string;
}

export const NEW_CAP: TypedCap = {
  scope: "user",
  scope_id: "",
  unit: "usd",
  amount: "",
  window: "month",
  time_zone: "UTC",
  mode: "hard",
  warn_percent: "80",
};

export function typedCap(cap: Cap): TypedCap {
  return {
    ...cap,
    // As a person would write it: without the zeros of twelve digits.
    amount: cap.amount.replace(/\.?0+$/, (zeros) => (cap.amount.includes(".") ? "" : zeros)),
    scope_id: cap.scope_id ?? "",
    warn_percent: cap.warn_percent === null ? "" : String(cap.warn_percent),
  };
}

export function readCap(form: URLSearchParams, before: TypedCap): TypedCap {
  const of = (name: keyof TypedCap) => form.get(name)?.trim() ?? before[name];
  return {
    scope: of("scope"),
    scope_id: of("scope_id"),
    unit: of("unit"),
    amount: of("amount"),
    window: of("window"),
    time_zone: of("time_zone"),
    mode: of("mode"),
    warn_percent: of("warn_percent"),
  };
}

/** What is no number goes to the gateway as one that it refuses, in its words. */
export function warnPercentOf({ warn_percent: text }: TypedCap): number | null {
  if (text === "") return null;
  return /^\d{1,3}$/.test(text) ? Number(text) : -1;
}

export function useOf(cap: Cap, usage: Usage): CapUse {
  const { unit, amount, window, mode, warn_percent } = cap;
  return { unit, amount, window, mode, warn_percent, used: usage.used, percent: usage.percent };
}
