/** `GET /admin/live`: rows of the ledger as this gateway commits them, as server-sent events. Content-free, as every row is. */
import { t } from "elysia";
import type { LedgerRow } from "../../../db/store.ts";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import type { Follower } from "../../live-feed.ts";
import { bearerToken } from "../../pipeline/authenticate.ts";
import { ownHeaders } from "../../pipeline/respond.ts";
import { read } from "./change.ts";
import { adminGroup } from "./group.ts";
import { parseCursor, readParameters } from "./query.ts";
import { toLedgerRecord } from "./spend-json.ts";

/** Longest silence; after it, it is also asked anew whether the reader still may. */
const HEARTBEAT_MS = 10_000;
/** For who comes back: the newest that were missed. */
const MAX_CAUGHT_UP = 200;
const CATCH_UP_MS = 3_600_000;
/** How long a reader waits before coming back. */
const RETRY_MS = 2_000;

export function liveRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/live", "traces").get("", ({ request }) => open(deps, request), {
    query: t.Object(
      {
        after: t.Optional(
          t.String({
            description: `A row's id: begins with those that came after it, ${MAX_CAUGHT_UP} at most. \`Last-Event-ID\` counts before it`,
          }),
        ),
      },
      { additionalProperties: true },
    ),
    detail: {
      tags: ["Traces"],
      summary: "Rows of the ledger, as this gateway commits them",
      description:
        "Server-sent events: each row (as in `/admin/spend/records`) is one message, its `id` the row's; `event: missed` says how many a slow reader missed; a comment every ten seconds. Ends with the sign-in.",
      security: [{ adminToken: [] }],
      responses: {
        200: {
          description: "Events, until one of the two ends it",
          content: { "text/event-stream": { schema: { type: "string" as const } } },
        },
      },
    },
  });
}

async function open(deps: Deps, request: Request): Promise<Response> {
  const parameters = readParameters(request.url, ["after"]);
  const lastId = request.headers.get("last-event-id") ?? "";
  const after = parseCursor(lastId === "" ? parameters.get("after") : lastId);
  const follower = deps.liveFeed.follow();
  if (follower === null) {
    throw new GatewayError("rate_limited", {
      hint: "As many look on as can. Close another window, or look again later.",
    });
  }
  // Whoever is gone before the first event leaves no queue behind either.
  request.signal.addEventListener("abort", () => follower.close(), { once: true });
  let missed: readonly LedgerRow[];
  try {
    missed = after === null ? [] : await read(() => since(deps, after));
  } catch (error) {
    follower.close();
    throw error;
  }
  const secret = bearerToken(request.headers.get("authorization"));
  const mayStill = () =>
    deps.access.require(secret, "traces", false).then(
      () => true,
      () => false,
    );
  return new Response(streamOf(follower, missed, mayStill), {
    headers: [
      ["content-type", "text/event-stream; charset=utf-8"],
      ["cache-control", "no-store"],
      ...ownHeaders(deps.ids.traceId()),
    ],
  });
}

/** In the order of the ledger. Followed before it is read, so that none falls between. */
async function since({ store, clock }: Deps, after: string): Promise<readonly LedgerRow[]> {
  const nowMs = clock.now();
  const newest = await store.ledger.records({
    fromMs: nowMs - CATCH_UP_MS,
    toMs: nowMs + CATCH_UP_MS,
    where: {},
    limit: MAX_CAUGHT_UP,
    beforeId: null,
  });
  return newest.filter(({ id }) => id > after).toReversed();
}

function streamOf(
  follower: Follower,
  missed: readonly LedgerRow[],
  mayStill: () => Promise<boolean>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const known = new Set(missed.map(({ id }) => id));
  let first: string | null = `retry: ${RETRY_MS}\n\n${missed.map(eventOf).join("")}`;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (first !== null) {
          controller.enqueue(encoder.encode(first));
          first = null;
          return;
        }
        const part = await follower.next(HEARTBEAT_MS);
        if (part === null || !(await mayStill())) {
          follower.close();
          controller.close();
          return;
        }
        const rows = part.rows.filter(({ id }) => !known.has(id));
        known.clear();
        const lost = part.missed === 0 ? "" : `event: missed\ndata: {"rows":${part.missed}}\n\n`;
        // A comment says that all is well.
        controller.enqueue(encoder.encode(lost + rows.map(eventOf).join("") || ":\n\n"));
      },
      cancel() {
        follower.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function eventOf(row: LedgerRow): string {
  return `id: ${row.id}\ndata: ${JSON.stringify(toLedgerRecord(row))}\n\n`;
}
