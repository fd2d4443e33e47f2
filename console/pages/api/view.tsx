/** The gateway's own description of its API, at its own origin; and what is asked for there. */
import { Copyable, Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { canChange, type Visit } from "../../visit.ts";

export function apiView(visit: Visit): JSX.Element {
  const { gatewayUrl } = visit;
  return (
    <>
      <PageHead
        title="API"
        lead="All that these pages do, a program can do too: they use nothing but the admin API."
      >
        <a class="button main" href={`${gatewayUrl}/docs`} hx-boost="false">
          Open Swagger UI
        </a>
      </PageHead>
      <div class="columns">
        <Panel title="Signing in to Swagger UI">
          <ol class="steps">
            <li>
              The browser asks for a name and a password: the name may be anything, the password is
              the admin token or an API key (<code>aak_…</code>).
            </li>
            <li>
              To try a request there, press Authorize and paste the same token under{" "}
              <code>adminToken</code>, or a client key (<code>ark_…</code>) under{" "}
              <code>clientKey</code>.
            </li>
            <li>Your name and password of the console don't count there.</li>
          </ol>
          {canChange(visit, "accounts") ? (
            <a class="button" href="/api-keys/new">
              New API key
            </a>
          ) : (
            <p class="muted">An owner makes API keys, under Accounts.</p>
          )}
        </Panel>
        <Panel title="Where things are">
          <Facts
            rows={[
              ["For tools", <Text text={`${gatewayUrl}/v1`} mono />],
              ["For administrators", <Text text={`${gatewayUrl}/admin`} mono />],
              ["Description", <Text text={`${gatewayUrl}/docs/json`} mono />],
              ["Metrics", <Text text={`${gatewayUrl}/metrics`} mono />],
              ["Readiness", <Text text={`${gatewayUrl}/readyz`} mono />],
            ]}
          />
        </Panel>
      </div>
      <Panel title="From a shell" hint="Spend of the last 30 days, by user">
        <Copyable
          id="from-a-shell"
          text={`curl "${gatewayUrl}/admin/spend?group_by=user" -H "authorization: Bearer $ANYRAY_API_KEY"`}
        />
      </Panel>
    </>
  );
}
