/** One provider: what is set of it, and whether it answers. */
import type { AdminApi } from "../../api.ts";
import { Confirm } from "../../components/confirm.tsx";
import { formatDuration } from "../../components/format.ts";
import { Submit } from "../../components/form.tsx";
import { Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Notice } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { canChange, type Visit } from "../../visit.ts";
import { Fingerprint, ProviderState, Source } from "./list-view.tsx";
import type { Provider } from "./terms.ts";

type TestCall = ReturnType<AdminApi["providers"]>["test"]["post"];
export type TestResult = NonNullable<Awaited<ReturnType<TestCall>>["data"]>;

const MEANINGS: Readonly<Record<string, string>> = {
  name_taken: "The deployment has a provider of this name now, which counts. Remove this one.",
  credential_unknown_key:
    "Its key was sealed with a master key that the gateway does not have. Send the key again, or give the master key back.",
  credential_damaged: "Its sealed key is damaged. Send the key again.",
  invalid: "What is stored is not valid for this version. Change it, or remove it.",
  unreadable: "What is stored can't be read. Change it, or remove it.",
};

export function providerView(
  visit: Visit,
  provider: Provider,
  result: TestResult | null,
): JSX.Element {
  const path = `/providers/${encodeURIComponent(provider.id)}`;
  const isOwn = provider.source === "database";
  const mayChange = canChange(visit, "providers");
  return (
    <>
      <PageHead
        title={provider.id}
        lead={
          isOwn
            ? "Set here. Changes count at once."
            : "Configured by the deployment, and changed there."
        }
      >
        {mayChange && provider.base_url !== "" ? (
          <form method="post" action={path}>
            <Submit label="Test" kind="plain" />
          </form>
        ) : null}
        {mayChange && isOwn ? (
          <>
            <a class="button" href={`${path}/change`}>
              Change
            </a>
            <a class="button" href={`${path}/remove`}>
              Remove…
            </a>
          </>
        ) : null}
      </PageHead>
      {result === null ? null : <Result of={result} />}
      {provider.state === "ok" ? null : (
        <Notice
          tone="bad"
          title={
            MEANINGS[provider.state] ??
            "It is not usable. Requests to it fail; they go nowhere else."
          }
        />
      )}
      <div class="columns">
        <Panel title="The way there">
          <Facts
            rows={[
              ["State", <ProviderState of={provider} />],
              ["Kind", <Text text={provider.kind ?? "unknown"} />],
              ["Address", orNone(provider.base_url, "none: it runs in the gateway")],
              ["Key", <Fingerprint text={provider.key_fingerprint} />],
              ["Sent as", <Text text={provider.auth} />],
              ["Own headers", orNone(provider.headers.join(", "), "none")],
              ["Own parameters", orNone(provider.query.join(", "), "none")],
            ]}
          />
        </Panel>
        <Panel title="What it offers">
          <Facts
            rows={[
              ["Models", orNone((provider.models ?? []).join(", "), "all it has")],
              ["Endpoints", orNone(provider.endpoints.join(", "), "none")],
              [
                "Usage in streams",
                <Text text={provider.stream_usage ? "asked for" : "left out"} />,
              ],
              ["Prices of", orNone(provider.price_id ?? "", "none: unpriced but for your own")],
              ["Set by", <Source name={provider.source} />],
              ["Changed", <Changed visit={visit} of={provider} />],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

function orNone(text: string, none: string): JSX.Element {
  return text === "" ? (
    <span class="none" safe>
      {none}
    </span>
  ) : (
    <Text text={text} />
  );
}

function Changed({ visit, of }: { readonly visit: Visit; readonly of: Provider }) {
  if (of.changed_at === null) return <span class="none">with the deployment</span>;
  return (
    <span>
      <Time at={of.changed_at} zone={visit.preferences.zone} shape="full" />
      {of.changed_by === null ? null : <span class="muted" safe>{` by ${of.changed_by}`}</span>}
    </span>
  );
}

const RESULTS: Readonly<Record<string, string>> = {
  ok: "It answers, and takes the key.",
  credential_refused: "It answers, but refuses the key.",
  unexpected_status: "It answers, but not with a list of models.",
  unreachable: "It can't be reached.",
  timeout: "It did not answer in time.",
};

function Result({ of: { code, status, latency_ms, next } }: { readonly of: TestResult }) {
  const after = formatDuration(latency_ms);
  const facts = status === null ? `After ${after}.` : `Status ${status}, after ${after}.`;
  return (
    <Notice tone={code === "ok" ? "good" : "bad"} title={RESULTS[code] ?? code}>
      <p class="muted" safe>
        {`${facts} ${next ?? ""}`}
      </p>
    </Notice>
  );
}

export function removeProviderView(provider: Provider, fault: string | null): JSX.Element {
  const path = `/providers/${encodeURIComponent(provider.id)}`;
  return (
    <Confirm
      title={`Remove the provider ${provider.id}?`}
      consequences={[
        "Its models are gone at once: who asks for one is told that there is none of this name.",
        "Requests that are under way go on to their end.",
        "Its sealed key is forgotten. To bring it back, the key must be typed again.",
        "The removal stands in the audit log.",
      ]}
      action={`${path}/remove`}
      fields={{ version: String(provider.version ?? "") }}
      verb="Remove provider"
      isDangerous
      typed={provider.id}
      cancel={path}
      fault={fault}
    />
  );
}
