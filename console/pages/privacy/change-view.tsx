/** The pages between a wish and a change of what is kept, or of how long. */
import { Confirm } from "../../components/confirm.tsx";
import { PageHead } from "../../components/head.tsx";
import { Notice } from "../../components/states.tsx";
import { consequencesOf, type Mode, type PrivacyReport } from "./mode.ts";
import {
  daysText,
  WINDOW_LABELS,
  type Retention,
  type WindowChange,
  type Windows,
} from "./retention.ts";

export function modeView(to: Mode, report: PrivacyReport, fault: string | null): JSX.Element {
  if (to === "plaintext" && !report.allow_plaintext) return <Impossible fault={fault} />;
  return (
    <Confirm
      title={`Change the mode from ${report.requested} to ${to}?`}
      consequences={consequencesOf(to, report)}
      action="/privacy/mode"
      fields={{ to, version: String(report.version) }}
      verb={`Set to ${to}`}
      isDangerous={to === "plaintext"}
      {...(to === "plaintext" ? { typed: to } : {})}
      cancel="/privacy"
      fault={fault}
    />
  );
}

/** No button, no form: what the deployment does not allow, nobody can ask for here. */
function Impossible({ fault }: { readonly fault: string | null }) {
  return (
    <div class="narrow">
      <PageHead title="Plaintext is not possible here" />
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      <div class="panel">
        <p>
          This deployment does not allow content to be stored readable. No role and no page changes
          that: it takes ANYRAY_ALLOW_PLAINTEXT=true in the gateway's environment, and a new start.
        </p>
        <p class="after">
          <a class="button" href="/privacy">
            Back
          </a>
        </p>
      </div>
    </div>
  );
}

export function retentionView(
  windows: Windows,
  changes: readonly WindowChange[],
  { version }: Retention,
  fault: string | null,
): JSX.Element {
  const deletes = changes.some((change) => change.deletes);
  return (
    <Confirm
      title="Change how long things are kept?"
      consequences={[
        ...changes.map(
          ({ name, from, to }) =>
            `${WINDOW_LABELS[name]}: ${daysText(to)} instead of ${daysText(from)}.`,
        ),
        deletes
          ? "What is older than that is deleted from now on, batch by batch. Nothing brings it back but a backup."
          : "Nothing is deleted by it.",
        "It stands in the audit log, with your name.",
      ]}
      action="/privacy/retention"
      fields={{
        traces_days: String(windows.traces_days),
        ledger_days: String(windows.ledger_days),
        sessions_days: String(windows.sessions_days),
        version: String(version),
      }}
      verb="Change"
      isDangerous={deletes}
      cancel="/privacy"
      fault={fault}
    />
  );
}
