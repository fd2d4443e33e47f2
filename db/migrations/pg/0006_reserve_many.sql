CREATE FUNCTION "reserve_caps_of_many"("p_owner" text, "p_live_ms" bigint, "p_requests" json)
RETURNS TABLE ("trace_id" text, "cap_id" text, "subject" text, "window_start_ms" bigint, "used" numeric, "reserved" numeric, "is_refused" boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	"request" record;
BEGIN
	-- What any of them needs is locked first, in the one order.
	INSERT INTO "cap_usage" ("cap_id", "subject", "window_start_ms", "used")
		SELECT DISTINCT "hold"."capId" COLLATE "C" AS "a", "hold"."subject" COLLATE "C" AS "b", "hold"."windowStartMs" AS "c", 0
		FROM json_to_recordset("p_requests") AS "asked" ("holds" json),
			json_to_recordset("asked"."holds") AS "hold" ("capId" text, "subject" text, "windowStartMs" bigint)
		ORDER BY "a", "b", "c"
		ON CONFLICT DO NOTHING;
	PERFORM 1 FROM "cap_usage" AS "usage"
		WHERE EXISTS (
			SELECT 1 FROM json_to_recordset("p_requests") AS "asked" ("holds" json),
				json_to_recordset("asked"."holds") AS "hold" ("capId" text, "subject" text, "windowStartMs" bigint)
			WHERE "usage"."cap_id" = "hold"."capId" AND "usage"."subject" = "hold"."subject" AND "usage"."window_start_ms" = "hold"."windowStartMs"
		)
		ORDER BY "usage"."cap_id" COLLATE "C", "usage"."subject" COLLATE "C", "usage"."window_start_ms"
		FOR UPDATE OF "usage";
	FOR "request" IN SELECT "asked"."traceId", "asked"."holds" FROM json_to_recordset("p_requests") AS "asked" ("traceId" text, "holds" json) LOOP
		RETURN QUERY SELECT "request"."traceId", "one".*
			FROM "reserve_caps"("request"."traceId", "p_owner", "p_live_ms", "request"."holds") AS "one";
	END LOOP;
END $$;
