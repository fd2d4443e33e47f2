/** How long things are kept: what was typed, and what a change of it means. Pure. */
import type { AdminApi } from "../../api.ts";

export type Retention = NonNullable<Awaited<ReturnType<AdminApi["retention"]["get"]>>["data"]>;

export const WINDOWS = ["traces_days", "ledger_days", "sessions_days"] as const;
export type WindowName = (typeof WINDOWS)[number];
export type Windows = Readonly<Record<WindowName, number>>;

export const WINDOW_LABELS: Readonly<Record<WindowName, string>> = {
  traces_days: "Traces and their sealed content",
  ledger_days: "The spend ledger",
  sessions_days: "Sign-ins that ended, and what was used under caps",
};

/** Null: one of them is no number of days. */
export function readWindows(given: URLSearchParams): Windows | null {
  const days = (name: WindowName): number => {
    const text = given.get(name)?.trim() ?? "";
    return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  };
  const windows = {
    traces_days: days("traces_days"),
    ledger_days: days("ledger_days"),
    sessions_days: days("sessions_days"),
  };
  return Object.values(windows).some(Number.isNaN) ? null : windows;
}

export interface WindowChange {
  readonly name: WindowName;
  readonly from: number | null;
  readonly to: number;
  /** Something that is there now is deleted. */
  readonly deletes: boolean;
}

export function changesOf(before: Retention, after: Windows): readonly WindowChange[] {
  return WINDOWS.flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    if (from === to) return [];
    // 0 keeps for ever; where it is not known what was kept, it is taken for more.
    const deletes = to !== 0 && (from === null || from === 0 || to < from);
    return [{ name, from, to, deletes }];
  });
}

export function daysText(days: number | null): string {
  if (days === null) return "not known";
  return days === 0 ? "for ever" : `${days} ${days === 1 ? "day" : "days"}`;
}
