/** One entry of the audit log, in words: what was done to what, and what changed by it. */
import type { AdminApi } from "../../api.ts";
import { Text } from "../../components/head.tsx";
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

/** `amount 25 → 30 · mode hard`; what is not set is left out, unless it was. */
export function factsText({ before, after }: Pick<Entry, "before" | "after">): string {
  const [was, is] = [new Map(Object.entries(before ?? {})), new Map(Object.entries(after ?? {}))];
  const parts: string[] = [];
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const [from, to] = [was.get(name) ?? null, is.get(name) ?? null];
    const label = name.replaceAll("_", " ");
    if (before !== null && after !== null) {
      if (from !== to) parts.push(`${label} ${wordOf(from)} → ${wordOf(to)}`);
    } else if ((to ?? from) !== null) {
      parts.push(`${label} ${wordOf(to ?? from)}`);
    }
  }
  return parts.join(" · ");
}

function wordOf(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}
