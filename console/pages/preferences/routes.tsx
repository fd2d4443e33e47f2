/** `/preferences`: colours and time zone, kept in the reader's browser; and signing out everywhere. */
import {
  THEME_COOKIE,
  ZONE_COOKIE,
  parseTheme,
  parseZone,
  preferenceCookie,
} from "../../preferences.ts";
import { returnPathOf } from "../../session.ts";
import { goTo, type Route, type Visit } from "../../visit.ts";
import { Preferences } from "./view.tsx";

export const preferenceRoutes: readonly Route[] = [
  { path: "/preferences", area: null, show, act: keep },
  { path: "/preferences/theme", area: null, act: keepTheme },
];

function show(visit: Visit, fault: string | null = null, status = 200) {
  const { preferences, who, nowMs } = visit;
  const body = <Preferences preferences={preferences} who={who} nowMs={nowMs} fault={fault} />;
  return { title: "Preferences", body, status };
}

function keep(visit: Visit) {
  const zone = parseZone(visit.form.get("zone"));
  if (zone === null) {
    return show(visit, "That is no time zone. They are named like Europe/Berlin.", 400);
  }
  const response = goTo("/preferences", "Kept in this browser.");
  response.headers.append("set-cookie", preferenceCookie(ZONE_COOKIE, zone));
  return response;
}

function keepTheme(visit: Visit) {
  const response = goTo(returnPathOf(visit.form.get("to")));
  const theme = parseTheme(visit.form.get("theme"));
  response.headers.append("set-cookie", preferenceCookie(THEME_COOKIE, theme));
  return response;
}
