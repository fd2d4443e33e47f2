/** One key: what it is bound to and may do, what it cost, and how tools use it. */
import { formatCount, formatSumUsd } from "../../components/format.ts";
import { Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Later } from "../../components/later.tsx";
import { Notice } from "../../components/states.tsx";
import { SetUps } from "../../components/set-up.tsx";
import { Stat } from "../../components/stat.tsx";
import { Time } from "../../components/time.tsx";
import { canChange, type Visit } from "../../visit.ts";
import type { SpendReport } from "../people/kind.ts";
import { KeyState } from "./list-view.tsx";
import { keyName, type Key } from "./terms.ts";

type Totals = SpendReport["totals"];

/** @param totals undefined: not for this reader; null: they come later */
export function keyView(visit: Visit, key: Key, totals: Totals | null | undefined): JSX.Element {
  const path = `/keys/${encodeURIComponent(key.id)}`;
  const isRevoked = key.revoked_at !== null;
  return (
    <>
      <PageHead title={keyName(key)} lead={key.description ?? "Key"}>
        {isRevoked || !canChange(visit, "keys") ? null : (
          <>
            <a class="button" href={`${path}/change`}>
              Change
            </a>
            <a class="button" href={`${path}/rotate`}>
              Rotate…
            </a>
            <a class="button" href={`${path}/revoke`}>
              Revoke…
            </a>
          </>
        )}
      </PageHead>
      {key.former_secret_until === null ? null : (
        <Notice tone="info" title="Its former secret still counts for a while.">
          <p class="muted">
            Until <Time at={key.former_secret_until} zone={visit.preferences.zone} shape="full" />.
            Then only the new one does.
          </p>
        </Notice>
      )}
      {totals === undefined ? null : totals === null ? (
        <Later visit={visit} from={`${path}/spend`} what="what it cost" />
      ) : (
        keySpendView(key.id, totals)
      )}
      <div class="columns">
        <Panel title="What it is and may do">
          <KeyFacts visit={visit} of={key} />
        </Panel>
        {isRevoked ? null : (
          <Panel title="Set-up" hint="The secret was shown once; ark_… marks its place">
            <SetUps gatewayUrl={visit.gatewayUrl} secret={null} passthrough={key.passthrough} />
          </Panel>
        )}
      </div>
    </>
  );
}

export function keySpendView(id: string, totals: Totals): JSX.Element {
  return (
    <div class="stats">
      <Stat
        label="Spend, 30 days"
        value={formatSumUsd(totals)}
        exact={`${totals.cost_usd} US dollars`}
        href={`/spend?key_id=${encodeURIComponent(id)}&group_by=model`}
      />
      <Stat label="Requests" value={formatCount(totals.requests)} />
      <Stat label="Tokens in" value={formatCount(totals.input_tokens)} />
      <Stat label="Tokens out" value={formatCount(totals.output_tokens)} />
    </div>
  );
}

function KeyFacts({ visit, of: key }: { readonly visit: Visit; readonly of: Key }) {
  const { zone } = visit.preferences;
  const named = (text: string | null, none: string) =>
    text === null ? (
      <span class="none" safe>
        {none}
      </span>
    ) : (
      <Text text={text} />
    );
  return (
    <Facts
      rows={[
        ["State", <KeyState state={key.state} />],
        ["User", named(key.user, "none: whom the caller names")],
        ["Team", named(key.team, "none")],
        ["Models", named(key.models?.join(", ") ?? null, "every one")],
        ["Endpoints", named(key.endpoints?.join(", ") ?? null, "all")],
        ["x-anyray-metadata", named(key.metadata, "as usual")],
        ["Caller's own credential", named(key.passthrough, "not taken")],
        ["Expires", <Time at={key.expires_at} zone={zone} shape="full" />],
        ...(key.revoked_at === null
          ? []
          : [["Revoked", <Time at={key.revoked_at} zone={zone} shape="full" />] as const]),
        ["Made", <Time at={key.created_at} zone={zone} shape="full" />],
        ["Secret", <Text text={`ark_${key.display}…`} mono />],
        ["Id", <Text text={key.id} mono />],
      ]}
    />
  );
}
