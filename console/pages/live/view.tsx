/** The Live page: the newest requests, and those that come while one looks. */
import { PageHead } from "../../components/head.tsx";
import { RequestTable, type RequestRow } from "../../components/requests.tsx";
import { Empty } from "../../components/states.tsx";
import { linkWith, type Visit } from "../../visit.ts";

/** Rows that stay; older ones leave the page as new ones come. */
const KEPT_ROWS = "100";

type NewestRow = RequestRow & { readonly id: string };

export function liveView(visit: Visit, rows: readonly NewestRow[]): JSX.Element {
  const isPaused = visit.query.get("paused") === "1";
  return (
    <>
      <PageHead
        title="Live"
        lead="Requests as they end: who, what, how long, how much. Never what was said."
      >
        {isPaused ? (
          <>
            <a class="button main" href={linkWith(visit, { paused: null })}>
              Go on
            </a>
            <a class="button" href={linkWith(visit, {})}>
              Refresh
            </a>
          </>
        ) : (
          <>
            <a class="button with-scripts" href={linkWith(visit, { paused: "1" })}>
              Pause
            </a>
            <a class="button without-scripts" href={linkWith(visit, {})}>
              Refresh
            </a>
          </>
        )}
      </PageHead>
      {isPaused ? (
        <div class="panel live">
          <p class="live-state">
            <span class="dot" />
            Paused: the newest requests when the page was made.
          </p>
          <Newest visit={visit} rows={rows} />
        </div>
      ) : (
        <Following visit={visit} rows={rows} />
      )}
    </>
  );
}

interface NewestProps {
  readonly visit: Visit;
  readonly rows: readonly NewestRow[];
}

/** Begins behind the newest row that stands here, so that none falls between page and stream. */
function Following({ visit, rows }: NewestProps) {
  const newest = rows.reduce((last, { id }) => (id > last ? id : last), "");
  const from =
    newest === "" ? "/live/stream" : `/live/stream?${new URLSearchParams({ after: newest })}`;
  return (
    <div
      class="panel live"
      data-live={KEPT_ROWS}
      hx-sse:connect={from}
      hx-target="#live-rows"
      hx-swap="afterbegin"
    >
      <p class="live-state" role="status">
        <span class="dot" />
        <span class="when-on">Following</span>
        <span class="when-lost">The connection is lost; it is tried again.</span>
        <span class="when-neither with-scripts">Connecting…</span>
        <span class="without-scripts">
          The newest requests. Without scripts they don't come by themselves.
        </span>
      </p>
      <Newest visit={visit} rows={rows} />
    </div>
  );
}

function Newest({ visit, rows }: NewestProps) {
  return (
    <RequestTable
      caption="The newest requests"
      rows={rows}
      zone={visit.preferences.zone}
      bodyId="live-rows"
      empty={
        <Empty
          title="No request yet"
          hint="Ask something through the gateway, and it stands here the moment its answer has ended."
        />
      }
    />
  );
}
