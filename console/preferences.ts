/** What a reader chose for themselves, kept in their browser: colours and time zone. Nothing secret; a wrong value counts as none. */
import type { Cookies } from "./session.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly theme: Theme;
  /** IANA name. */
  readonly zone: string;
}

export const THEME_COOKIE = "anyray-theme";
/** Also set by `static/console.js`, which knows the browser's. */
export const ZONE_COOKIE = "anyray-zone";
const YEAR_SECONDS = 365 * 86_400;

export function readPreferences(cookies: Cookies): Preferences {
  return {
    theme: parseTheme(cookies.get(THEME_COOKIE)),
    zone: parseZone(decode(cookies.get(ZONE_COOKIE))) ?? "UTC",
  };
}

export function parseTheme(text: string | null | undefined): Theme {
  return THEMES.find((theme) => theme === text) ?? "system";
}

/** Null for what is no time zone. */
export function parseZone(text: string | null | undefined): string | null {
  if (text === null || text === undefined || !/^[\w+\-/]{1,64}$/.test(text)) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

export function preferenceCookie(name: string, value: string): string {
  return `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax`;
}

function decode(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}
