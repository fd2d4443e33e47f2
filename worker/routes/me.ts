/** `GET /v1/anyray/me`: what a caller has spent this month, and what stands in their way. */
import { Elysia, t } from "elysia";
import type { Deps } from "../deps.ts";
import { isoTime } from "../iso-time.ts";
import { windowAt } from "../limits/window.ts";
import { formatPicoUsd } from "../money.ts";
import { authenticate, checkPassthrough } from "../pipeline/authenticate.ts";
import { ownHeaders } from "../pipeline/respond.ts";
import { CapView, toCapView } from "./admin/caps.ts";
import { read } from "./admin/change.ts";

const Name = t.Union([t.String(), t.Null()]);
const Count = t.Integer({ minimum: 0 });

const Me = t.Object(
  {
    key: t.Object({ id: t.String(), name: Name, user: Name, team: Name, expires_at: Name }),
    month: t.Object({
      of: t.String({ description: "user | key: whose the figures are" }),
      from: t.String({ format: "date-time" }),
      to: t.String({ format: "date-time" }),
      requests: Count,
      input_tokens: Count,
      output_tokens: Count,
      cost_usd: t.String(),
    }),
    caps: t.Array(CapView),
  },
  { description: "The caller" },
);

export function meRoutes(deps: Deps) {
  return new Elysia({ handler: { standardHostname: false } }).get(
    "/v1/anyray/me",
    async ({ request, set }) => {
      for (const [name, value] of ownHeaders(deps.ids.traceId())) set.headers[name] = value;
      const caller = await authenticate(deps, request.headers);
      checkPassthrough(caller);
      const { key } = caller;
      const { startMs, endMs } = windowAt("month", "UTC", deps.clock.now());
      const { totals } = await read(() =>
        deps.store.ledger.spend({
          fromMs: startMs,
          toMs: endMs,
          where: key.user === null ? { key_id: key.id } : { user: key.user },
          groupBy: [],
          timeZone: "UTC",
          limit: 1,
        }),
      );
      await read(() => deps.quotas.refresh());
      const payer = { keyId: key.id, user: key.user, team: key.team };
      return {
        key: {
          id: key.id,
          name: key.name,
          user: key.user,
          team: key.team,
          expires_at: isoTime(key.expiresAtMs),
        },
        month: {
          of: key.user === null ? "key" : "user",
          from: new Date(startMs).toISOString(),
          to: new Date(endMs).toISOString(),
          requests: totals.rows,
          input_tokens: totals.inputTokens,
          output_tokens: totals.outputTokens,
          cost_usd: formatPicoUsd(totals.costPicoUsd),
        },
        caps: deps.quotas.caps.statusOf(payer).map(toCapView),
      };
    },
    {
      response: { 200: Me },
      detail: {
        tags: ["Caller"],
        summary: "What this key's user has spent this month, and their caps",
        security: [{ clientKey: [] }, { clientKeyHeader: [] }],
      },
    },
  );
}
