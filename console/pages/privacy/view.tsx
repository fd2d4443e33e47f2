/** The Privacy page: what is kept and why not more, how long, and the keys by their fingerprints. */
import { AskForm, TextField } from "../../components/form.tsx";
import { Badge, Facts, PageHead, Panel, Text, type BadgeTone } from "../../components/head.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { canChange, type Visit } from "../../visit.ts";
import { KEEPS, MODES, reasonText, type Mode, type PrivacyReport } from "./mode.ts";
import { daysText, WINDOW_LABELS, WINDOWS, type Retention, type WindowName } from "./retention.ts";

export interface PrivacyFacts {
  readonly privacy: PrivacyReport;
  readonly retention: Retention;
  /** Null: not asked for. */
  readonly auditKey: string | null;
  /** Why the days that were typed can't be. */
  readonly refusal: string | null;
}

export function privacyView(visit: Visit, facts: PrivacyFacts): JSX.Element {
  const { privacy, retention } = facts;
  const { zone } = visit.preferences;
  return (
    <>
      <PageHead
        title="Privacy"
        lead="Which content is kept, why not more, and for how long. Nobody reads content here."
      />
      <InForce privacy={privacy} />
      <Panel title="Content mode" hint="Counts from the next request on">
        <ul class="modes">
          {MODES.map((mode) => (
            <ModeRow visit={visit} mode={mode} privacy={privacy} />
          ))}
        </ul>
        <p class="more muted">
          Set{" "}
          <Time
            at={Date.parse(privacy.changed_at) === 0 ? null : privacy.changed_at}
            zone={zone}
            shape="full"
          />{" "}
          by <Text text={nameOf(privacy.changed_by)} />
        </p>
      </Panel>
      <Panel title="How long things are kept" hint="Older ones are deleted, batch by batch">
        <Windows visit={visit} facts={facts} />
      </Panel>
      <Panel title="Keys" hint="Fingerprints: no key leaves the gateway">
        <Facts rows={keyFacts(facts)} />
      </Panel>
      {retention.changed_at === null ? null : (
        <p class="muted small">
          Retention was changed <Time at={retention.changed_at} zone={zone} shape="full" /> by{" "}
          <Text text={retention.changed_by ?? "–"} />
        </p>
      )}
    </>
  );
}

/** Nobody changed it: it is what the environment said. */
function nameOf(actor: string): string {
  return actor === "start" ? "the deployment" : actor;
}

const TITLES: Readonly<Record<string, string>> = {
  off: "No content is kept.",
  encrypted: "Content is sealed before it is written.",
  plaintext: "Content is stored readable.",
};

function InForce({ privacy }: { readonly privacy: PrivacyReport }) {
  const { effective, requested, reason } = privacy;
  const tone = effective === "plaintext" ? "bad" : reason === null ? "good" : "warning";
  const title = TITLES[effective] ?? effective;
  return (
    <Notice tone={tone} title={title}>
      <p safe>
        {reason === null
          ? `Asked for: ${requested}. In force: ${effective}.`
          : `Asked for: ${requested}. In force: ${effective}. ${reasonText(reason)}`}
      </p>
    </Notice>
  );
}

interface ModeRowProps {
  readonly visit: Visit;
  readonly mode: Mode;
  readonly privacy: PrivacyReport;
}

function ModeRow({ visit, mode, privacy }: ModeRowProps) {
  const isImpossible = mode === "plaintext" && !privacy.allow_plaintext;
  return (
    <li class={isImpossible ? "mode impossible" : "mode"}>
      <div>
        <h3>
          <span safe>{`${mode.slice(0, 1).toUpperCase()}${mode.slice(1)}`}</span>
          {privacy.requested === mode ? <Badge text="asked for" tone="info" /> : null}
          {privacy.effective === mode ? <Badge text="in force" tone={toneOf(mode)} /> : null}
          {isImpossible ? <Badge text="not possible here" /> : null}
        </h3>
        <p class="muted" safe>
          {isImpossible
            ? "This deployment does not allow it. It takes ANYRAY_ALLOW_PLAINTEXT=true in the gateway's environment, and a new start; no role can set it here."
            : KEEPS[mode]}
        </p>
      </div>
      {isImpossible || privacy.requested === mode || !canChange(visit, "privacy") ? null : (
        <a class="button small" href={`/privacy/mode?to=${mode}`}>
          Change to {mode}…
        </a>
      )}
    </li>
  );
}

function toneOf(mode: Mode): BadgeTone {
  return mode === "plaintext" ? "bad" : "good";
}

function Windows({ visit, facts }: { readonly visit: Visit; readonly facts: PrivacyFacts }) {
  const { retention, refusal } = facts;
  if (!canChange(visit, "privacy")) {
    return (
      <Facts
        rows={WINDOWS.map((name) => [
          WINDOW_LABELS[name],
          <Text text={daysText(retention[name])} />,
        ])}
      />
    );
  }
  const typed = (name: WindowName) =>
    visit.form.get(name) ?? visit.query.get(name) ?? String(retention[name] ?? "");
  return (
    <div class="windows">
      {retention.state === "ok" ? null : (
        <Notice
          tone="warning"
          title="What is stored can't be read, and so nothing is deleted. Set it anew."
        />
      )}
      {refusal === null ? null : <Notice tone="bad" title={refusal} />}
      <AskForm action="/privacy/retention" verb="Change…">
        {WINDOWS.map((name) => (
          <TextField
            name={name}
            label={WINDOW_LABELS[name]}
            hint={hintOf(name, retention)}
            value={typed(name)}
          />
        ))}
      </AskForm>
    </div>
  );
}

/** In days, and what the deployment says. */
function hintOf(name: WindowName, { deployment }: Retention): string {
  if (name === "sessions_days") return "Days; 0: for ever, else at least 35";
  return `Days; 0: for ever. The deployment says: ${daysText(deployment[name])}`;
}

const KEY_STATES: Readonly<Record<string, string>> = {
  ok: "works",
  missing: "is missing",
  mismatch: "is not the one that users' keys are wrapped by",
  failed: "could not be used",
};

function keyFacts({
  privacy,
  auditKey,
}: PrivacyFacts): readonly (readonly [string, JSX.Element])[] {
  const { key, retired_kids: retired, recipients } = privacy;
  return [
    [
      "Master key",
      <span>
        <Text text={key.kid} mono />{" "}
        <Badge
          text={KEY_STATES[key.state] ?? key.state}
          tone={key.state === "ok" ? "good" : "bad"}
        />
      </span>,
    ],
    ["Former master keys", <Fingerprints ids={retired} none="none" />],
    [
      "Recipients",
      <Fingerprints
        ids={recipients}
        none="none: the master key is enough to open content, offline"
      />,
    ],
    ...(auditKey === null
      ? []
      : [["Audit log's public key", <Text text={auditKey} mono />] as const]),
  ];
}

function Fingerprints({ ids, none }: { readonly ids: readonly string[]; readonly none: string }) {
  if (ids.length === 0) return <Text text={none} />;
  return (
    <ul>
      {ids.map((id) => (
        <li>
          <Text text={id} mono />
        </li>
      ))}
    </ul>
  );
}
