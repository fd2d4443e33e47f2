/** What a reader chooses for themselves. */
import { ActionForm, Submit, TextField } from "../../components/form.tsx";
import { Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Time } from "../../components/time.tsx";
import type { Preferences as Kept } from "../../preferences.ts";
import type { SignedIn } from "../../visit.ts";

interface PreferencesProps {
  readonly preferences: Kept;
  readonly who: SignedIn;
  readonly nowMs: number;
  readonly fault: string | null;
}

export function Preferences({ preferences, who, nowMs, fault }: PreferencesProps) {
  return (
    <div class="narrow">
      <PageHead title="Preferences" lead="Kept in this browser alone." />
      <Panel title="Time zone">
        <p class="muted">
          It is now <Time at={new Date(nowMs).toISOString()} zone={preferences.zone} shape="full" />
          .
        </p>
        <ActionForm action="/preferences">
          <TextField
            name="zone"
            label="Zone in which times are shown"
            value={preferences.zone}
            choices={Intl.supportedValuesOf("timeZone")}
            fault={fault}
            isRequired
          />
          <Submit label="Keep" />
        </ActionForm>
      </Panel>
      <Panel title="Signed in">
        <Facts
          rows={[
            ["Name", <Text text={who.name} />],
            ["Role", <Text text={who.role} />],
            ["By", <Text text={who.account === null ? "the admin token" : "name and password"} />],
          ]}
        />
        <form method="post" action="/sign-out/everywhere" hx-boost="false">
          <p class="muted">
            Ends every sign-in of yours, in this and every other browser. Keys go on working.
          </p>
          <Submit label="Sign out everywhere" kind="plain" />
        </form>
      </Panel>
    </div>
  );
}
