/** `/privacy`: which content is kept, why not more, and how long things are kept; each change with a page in between. */
import { ask, mendable } from "../../api.ts";
import { isConfirmed } from "../../components/confirm.tsx";
import { notFound } from "../../page.tsx";
import { canRead, goTo, type Answer, type Route, type Visit } from "../../visit.ts";
import { modeView, retentionView } from "./change-view.tsx";
import { parseMode } from "./mode.ts";
import { changesOf, readWindows, type Retention } from "./retention.ts";
import { privacyView } from "./view.tsx";

export const privacyRoutes: readonly Route[] = [
  { path: "/privacy", area: "privacy", show },
  { path: "/privacy/mode", area: "privacy", show: (visit) => showMode(visit, null), act: setMode },
  { path: "/privacy/retention", area: "privacy", show: showRetention, act: setRetention },
];

async function show(visit: Visit): Promise<Answer> {
  const { api } = visit;
  const [privacy, retention, auditKey] = await Promise.all([
    ask(api.privacy.get()),
    ask(api.retention.get()),
    readAuditKey(visit),
  ]);
  const body = privacyView(visit, { privacy, retention, auditKey, refusal: null });
  return { title: "Privacy", body };
}

/** Null: it is not for this reader. */
async function readAuditKey(visit: Visit): Promise<string | null> {
  if (!canRead(visit, "audit")) return null;
  return (await ask(visit.api.audit.checkpoints.get())).public_key;
}

/** What a change was made for: the version that the reader saw. */
function ifMatch(visit: Visit) {
  return { headers: { "if-match": `"${visit.form.get("version") ?? ""}"` } };
}

async function showMode(visit: Visit, fault: string | null): Promise<Answer> {
  const to = parseMode(visit.form.get("to") ?? visit.query.get("to"));
  const privacy = await ask(visit.api.privacy.get());
  if (to === null) return notFound(visit);
  return {
    title: "Change the mode",
    status: fault === null ? 200 : 409,
    body: modeView(to, privacy, fault),
  };
}

async function setMode(visit: Visit): Promise<Answer> {
  const to = parseMode(visit.form.get("to"));
  if (to === null) return notFound(visit);
  if (to === "plaintext" && !isConfirmed(visit.form, to)) {
    return showMode(visit, "The word was not typed as it stands here. Nothing was changed.");
  }
  try {
    const { effective } = await ask(visit.api.privacy.put({ requested: to }, ifMatch(visit)));
    const force = effective === to ? "" : ` In force is ${effective}.`;
    return goTo("/privacy", `The content mode is set to ${to}.${force}`);
  } catch (error) {
    const { code, message } = mendable(error);
    if (code !== "conflict") return showMode(visit, message);
    return showMode(
      visit,
      "Someone else has changed the mode meanwhile: look at what it is now. Nothing was changed.",
    );
  }
}

async function showRetention(visit: Visit): Promise<Answer> {
  const retention = await ask(visit.api.retention.get());
  return confirmRetention(visit, retention, visit.query, null);
}

async function confirmRetention(
  visit: Visit,
  retention: Retention,
  given: URLSearchParams,
  fault: string | null,
): Promise<Answer> {
  const windows = readWindows(given);
  if (windows === null) return refuseRetention(visit, retention);
  const changes = changesOf(retention, windows);
  if (changes.length === 0 && fault === null) return goTo("/privacy", "Nothing was changed.");
  return {
    title: "Change how long things are kept",
    status: fault === null ? 200 : 409,
    body: retentionView(windows, changes, retention, fault),
  };
}

/** The form again, with what was typed. */
async function refuseRetention(
  visit: Visit,
  retention: Retention,
  refusal = "How long is a whole number of days; 0 keeps for ever.",
): Promise<Answer> {
  const [privacy, auditKey] = await Promise.all([
    ask(visit.api.privacy.get()),
    readAuditKey(visit),
  ]);
  const body = privacyView(visit, { privacy, retention, auditKey, refusal });
  return { title: "Privacy", status: 400, body };
}

async function setRetention(visit: Visit): Promise<Answer> {
  const windows = readWindows(visit.form);
  const { api } = visit;
  if (windows === null) return refuseRetention(visit, await ask(api.retention.get()));
  try {
    await ask(api.retention.put(windows, ifMatch(visit)));
    return goTo("/privacy", "How long things are kept is changed, from now on.");
  } catch (error) {
    const { code, message } = mendable(error);
    const retention = await ask(api.retention.get());
    if (code !== "conflict") return refuseRetention(visit, retention, message);
    return confirmRetention(
      visit,
      retention,
      visit.form,
      "Someone else has changed it meanwhile: look at what it is now. Nothing was changed.",
    );
  }
}
