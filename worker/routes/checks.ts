/** What of the gateway works, what is degraded, and what is failed: for `/readyz` and `/admin/health`. */
import { t } from "elysia";
import type { SharedDatabase } from "../../db/store.ts";
import type { Deps } from "../deps.ts";

export const Check = t.Object({
  state: t.Union([t.Literal("ok"), t.Literal("degraded"), t.Literal("failed")]),
  code: t.Union([t.String(), t.Null()]),
});
type Checks = Record<string, { state: "ok" | "degraded" | "failed"; code: string | null }>;

export interface Examination {
  readonly status: "ok" | "degraded";
  /** Requests can't be served and accounted for. */
  readonly isFailed: boolean;
  readonly checks: Checks;
}

/** Never rejects. */
export async function examine(deps: Deps): Promise<Examination> {
  const ledger = await deps.store.ledger.checkWritable().then(
    () => "ok" as const,
    () => "failed" as const,
  );
  const checks: Checks = {
    listener: deps.live.isDraining
      ? { state: "failed", code: "draining" }
      : { state: "ok", code: null },
    ledger: { state: ledger, code: ledger === "ok" ? null : "store_unavailable" },
    settlement: degradedBy(deps.settler.waitingRows === 0 ? null : "rows_waiting"),
    content: degradedBy(deps.privacy.current.reason),
    providers: degradedBy(deps.providers.problem),
    retention: degradedBy(deps.retention.status().windows === null ? "unreadable" : null),
  };
  if (deps.store.shared !== null) checks["database"] = checkDatabase(deps.store.shared);
  if (deps.sharedKeys !== null) checks["keys"] = degradedBy(deps.sharedKeys.problem);
  if (deps.exporter !== null) {
    const { state } = deps.exporter;
    checks["traces"] = degradedBy(state === "ok" ? null : state);
  }
  const trip = deps.roundTrips?.last ?? null;
  if (trip !== null) checks["trace_round_trip"] = degradedBy(trip.code === "ok" ? null : trip.code);
  const states = Object.values(checks).map((check) => check.state);
  return {
    status: states.every((state) => state === "ok") ? "ok" : "degraded",
    isFailed: states.includes("failed"),
    checks,
  };
}

/** Away, it takes nothing from requests: rows wait. An older schema is waited for before requests come. */
function checkDatabase({ state, refusedRows }: SharedDatabase): Checks[string] {
  if (state === "migration_pending") return { state: "failed", code: state };
  if (state !== "ok") return { state: "degraded", code: `database_${state}` };
  return degradedBy(refusedRows === 0 ? null : "rows_refused");
}

/** What is wrong, without which all is well; requests are served either way. */
function degradedBy(code: string | null): Checks[string] {
  return { state: code === null ? "ok" : "degraded", code };
}
