/** `/admin/health` and `/admin/boundary`: how the gateway is, and what has left it. */
import { t } from "elysia";
import about from "../../../package.json" with { type: "json" };
import type { Deps } from "../../deps.ts";
import { Check, examine } from "../checks.ts";
import { ADMIN_ERRORS } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";

const Count = t.Integer({ minimum: 0 });
const detail = describeIn("Health");

const HealthReport = t.Object(
  {
    status: t.String({ description: "ok | degraded" }),
    version: t.String(),
    started_at: t.String({ format: "date-time" }),
    checks: t.Record(t.String(), Check),
    live_requests: Count,
    ledger_rows_waiting: t.Integer({ description: "To be committed again" }),
    database_rows_waiting: t.Integer({
      description: "In the local ledger, not in Postgres yet; 0 on SQLite",
    }),
    database_rows_refused: t.Integer({ description: "That Postgres will never take" }),
    spans_waiting_bytes: t.Integer({ description: "For the Collector, while it is away" }),
    spans_set_aside: t.Integer({ description: "Ledger rows whose spans were refused for good" }),
    warnings: t.Array(t.String(), { description: "secrets_beside_data | plaintext_allowed" }),
  },
  { description: "All that is known of how it is" },
);

const BoundaryReport = t.Object(
  {
    since: t.String({ format: "date-time" }),
    destinations: t.Array(
      t.Object({
        name: t.String(),
        origin: t.String(),
        reason: t.String({
          description: "provider | collector | trace back end | webhook | console | database",
        }),
        allowed: t.Boolean({ description: "false: it was, and has been removed" }),
        requests: Count,
        bytes_sent: Count,
        bytes_received: Count,
        refused: t.Integer({ description: "By the check of the address" }),
        open_connections: Count,
      }),
    ),
    refused_elsewhere: t.Integer({ description: "Requests to places that nobody configured" }),
    warnings: t.Array(t.String()),
  },
  { description: "Every place that the gateway may connect to; there is no other way out" },
);

export function stateRoutes(deps: Deps) {
  return adminGroup(deps, "/admin", "health")
    .get(
      "/health",
      async () => {
        const { status, checks } = await examine(deps);
        return {
          status,
          version: about.version,
          started_at: new Date(deps.startedAtMs).toISOString(),
          checks,
          live_requests: deps.live.count,
          ledger_rows_waiting: deps.settler.waitingRows,
          database_rows_waiting: deps.store.shared?.waitingRows ?? 0,
          database_rows_refused: deps.store.shared?.refusedRows ?? 0,
          spans_waiting_bytes: deps.exporter?.waitingBytes ?? 0,
          spans_set_aside: deps.exporter?.setAside ?? 0,
          warnings: [...deps.warnings],
        };
      },
      { response: { 200: HealthReport, ...ADMIN_ERRORS }, detail: detail("How the gateway is") },
    )
    .get(
      "/boundary",
      () => ({
        since: new Date(deps.startedAtMs).toISOString(),
        destinations: deps.boundary.report().map((each) => ({
          name: each.destination,
          origin: each.origin,
          reason: each.reason,
          allowed: each.isAllowed,
          requests: each.requests,
          bytes_sent: each.bytesSent,
          bytes_received: each.bytesReceived,
          refused: each.refused,
          open_connections: each.openConnections,
        })),
        refused_elsewhere: deps.boundary.refusedElsewhere(),
        warnings: [...deps.warnings],
      }),
      {
        response: { 200: BoundaryReport, ...ADMIN_ERRORS },
        detail: detail("Where the gateway may connect to, why, and what has passed"),
      },
    );
}
