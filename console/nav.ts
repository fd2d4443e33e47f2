/** What the navigation offers, in its order; each reader sees what their role opens. A page that is added gets its line here. */
import type { IconName } from "./components/icon.tsx";
import type { Area, SignedIn } from "./visit.ts";

export interface NavItem {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  /** Null: for everyone. */
  readonly area: Area | null;
}

interface NavSection {
  readonly label: string;
  readonly items: readonly NavItem[];
}

const SECTIONS: readonly NavSection[] = [
  {
    label: "Spend",
    items: [
      { href: "/", label: "Overview", icon: "overview", area: "spend" },
      { href: "/spend", label: "Spend", icon: "spend", area: "spend" },
      { href: "/users", label: "Users", icon: "user", area: "spend" },
      { href: "/teams", label: "Teams", icon: "team", area: "spend" },
    ],
  },
  {
    label: "Activity",
    items: [
      { href: "/live", label: "Live", icon: "live", area: "traces" },
      { href: "/traces", label: "Traces", icon: "trace", area: "traces" },
      { href: "/sessions", label: "Sessions", icon: "session", area: "traces" },
    ],
  },
  {
    label: "Access",
    items: [
      { href: "/keys", label: "Keys", icon: "key", area: "keys" },
      { href: "/invites", label: "Invites", icon: "invite", area: "keys" },
      { href: "/caps", label: "Caps", icon: "cap", area: "quotas" },
      { href: "/limits", label: "Rate limits", icon: "limit", area: "quotas" },
    ],
  },
  {
    label: "Trust",
    items: [
      { href: "/privacy", label: "Privacy", icon: "privacy", area: "privacy" },
      { href: "/boundary", label: "Boundary", icon: "boundary", area: "health" },
      { href: "/audit", label: "Audit", icon: "audit", area: "audit" },
      { href: "/health", label: "Health", icon: "health", area: "health" },
    ],
  },
  {
    label: "Set-up",
    items: [
      { href: "/providers", label: "Providers", icon: "provider", area: "providers" },
      { href: "/routes", label: "Routes", icon: "route", area: "providers" },
      { href: "/prices", label: "Prices", icon: "price", area: "providers" },
      { href: "/accounts", label: "Accounts", icon: "account", area: "accounts" },
      { href: "/api", label: "API", icon: "api", area: null },
    ],
  },
];

export function navFor(who: SignedIn): readonly NavSection[] {
  return SECTIONS.map(({ label, items }) => ({
    label,
    items: items.filter(({ area }) => area === null || who.rights.read.includes(area)),
  })).filter(({ items }) => items.length > 0);
}

/** Where someone lands: the first page that their role opens. */
export function homeOf(who: SignedIn): string {
  return navFor(who)[0]?.items[0]?.href ?? "/preferences";
}

/** Of the item that a path lies below. */
export function isCurrent(href: string, path: string): boolean {
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}
