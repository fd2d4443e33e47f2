/** One entry of the audit log, in words: what was done to what, and what changed by it. */
import type { AdminApi } from "../../api.ts";
import { Text } from "../../components/head.tsx";
import { formatTime } from "../../components/time.tsx";
import { canRead, type Area, type Visit } from "../../visit.ts";

type AuditAnswer = NonNullable<Awaited<ReturnType<AdminApi["audit"]["get"]>>["data"]>;
export type Entry = AuditAnswer["entries"][number];

/** Pages of what an id names, for whom they open. */
const PAGES: readonly { readonly prefix: string; readonly path: string; readonly area: Area }[] = [
  { prefix: "key_", path: "/keys/", area: "keys" },
  { prefix: "cap_", path: "/caps/", area: "quotas" },
  { prefix: "lim_", path: "/limits/", area: "quotas" },
];

export function Target({ visit, entry }: { readonly visit: Visit; readonly entry: Entry }) {
  const { action, target } = entry;
  const page = PAGES.find(({ prefix }) => target.startsWith(prefix));
  const isGone = action.endsWith(".remove");
  if (page === undefined || isGone || !canRead(visit, page.area)) return <Text text={target} />;
  return (
    <a href={page.path + encodeURIComponent(target)} safe>
      {target}
    </a>
  );
}

/** `amount 25 → 30 · mode hard`; what is not set is left out, unless it was. @param zone in which times are told */
export function factsText(
  { before, after }: Pick<Entry, "before" | "after">,
  zone: string,
): string {
  const [was, is] = [new Map(Object.entries(before ?? {})), new Map(Object.entries(after ?? {}))];
  const parts: string[] = [];
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const [from, to] = [was.get(name), is.get(name)];
    const label = name.replaceAll("_", " ");
    if (was.has(name) && is.has(name)) {
      if (from !== to) parts.push(`${label} ${wordOf(from, zone)} → ${wordOf(to, zone)}`);
    } else if (isSaid(to ?? from, before !== null)) {
      parts.push(`${label} ${wordOf(to ?? from, zone)}`);
    }
  }
  return parts.join(" · ");
}

/** What a change says beside what was there is said only where it is so: `password changed yes`. */
function isSaid(value: unknown, isChange: boolean): boolean {
  return value !== null && value !== undefined && !(isChange && value === false);
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const LONG_AMOUNT = /^(\d+)(\.\d*?)0+$/;

function wordOf(value: unknown, zone: string): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = String(value);
  if (TIME.test(text)) return formatTime(text, zone, "full");
  return text.replace(LONG_AMOUNT, (_, whole, digits) => (digits === "." ? whole : whole + digits));
}
