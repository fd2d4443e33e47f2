CREATE TABLE "cap_notice" (
	"cap_id" text NOT NULL,
	"subject" text NOT NULL,
	"window_start_ms" bigint NOT NULL,
	"kind" text NOT NULL,
	CONSTRAINT "cap_notice_cap_id_subject_window_start_ms_kind_pk" PRIMARY KEY("cap_id","subject","window_start_ms","kind"),
	CONSTRAINT "cap_notice_kind" CHECK (length("kind") <= 32 and "kind" !~ '[^a-z.]'),
	CONSTRAINT "cap_notice_names" CHECK (("cap_id" is null or (length("cap_id") <= 128 and "cap_id" not like '% % % % %' and "cap_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("subject" is null or (length("subject") <= 128 and "subject" not like '% % % % %' and "subject" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "cap_reservation" (
	"trace_id" text NOT NULL,
	"cap_id" text NOT NULL,
	"subject" text NOT NULL,
	"window_start_ms" bigint NOT NULL,
	"amount" numeric(38, 0) NOT NULL,
	"owner" text NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	CONSTRAINT "cap_reservation_trace_id_cap_id_pk" PRIMARY KEY("trace_id","cap_id"),
	CONSTRAINT "cap_reservation_trace" CHECK (length("trace_id") = 32 and "trace_id" !~ '[^0-9a-f]'),
	CONSTRAINT "cap_reservation_owner" CHECK (length("owner") = 32 and "owner" !~ '[^0-9a-f]'),
	CONSTRAINT "cap_reservation_names" CHECK (("cap_id" is null or (length("cap_id") <= 128 and "cap_id" not like '% % % % %' and "cap_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("subject" is null or (length("subject") <= 128 and "subject" not like '% % % % %' and "subject" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "revision" (
	"one" integer PRIMARY KEY NOT NULL,
	"version" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "cap_reservation_window" ON "cap_reservation" USING btree ("cap_id","subject","window_start_ms");--> statement-breakpoint
INSERT INTO "revision" ("one", "version") VALUES (1, 0);
--> statement-breakpoint
CREATE FUNCTION "settings_changed"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE "revision" SET "version" = "version" + 1;
	PERFORM pg_notify('anyray_changed', '');
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "client_key_changed" AFTER INSERT OR UPDATE OR DELETE ON "client_key" FOR EACH STATEMENT EXECUTE FUNCTION "settings_changed"();
--> statement-breakpoint
CREATE TRIGGER "cap_changed" AFTER INSERT OR UPDATE OR DELETE ON "cap" FOR EACH STATEMENT EXECUTE FUNCTION "settings_changed"();
--> statement-breakpoint
CREATE TRIGGER "rate_limit_changed" AFTER INSERT OR UPDATE OR DELETE ON "rate_limit" FOR EACH STATEMENT EXECUTE FUNCTION "settings_changed"();
--> statement-breakpoint
CREATE TRIGGER "price_override_changed" AFTER INSERT OR UPDATE OR DELETE ON "price_override" FOR EACH STATEMENT EXECUTE FUNCTION "settings_changed"();
--> statement-breakpoint
CREATE TRIGGER "setting_changed" AFTER INSERT OR UPDATE OR DELETE ON "setting" FOR EACH STATEMENT EXECUTE FUNCTION "settings_changed"();
--> statement-breakpoint
CREATE FUNCTION "reserve_caps"("p_trace_id" text, "p_owner" text, "p_live_ms" bigint, "p_holds" json)
RETURNS TABLE ("cap_id" text, "subject" text, "window_start_ms" bigint, "used" numeric, "reserved" numeric, "is_refused" boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	"now_ms" bigint;
BEGIN
	INSERT INTO "cap_usage" ("cap_id", "subject", "window_start_ms", "used")
		SELECT "capId", "subject", "windowStartMs", 0
		FROM json_to_recordset("p_holds") AS "hold" ("capId" text, "subject" text, "windowStartMs" bigint)
		ORDER BY "capId" COLLATE "C", "subject" COLLATE "C", "windowStartMs"
		ON CONFLICT DO NOTHING;
	-- Whoever asks for the same waits here; all in one order, so that nobody waits for each other.
	PERFORM 1 FROM "cap_usage" AS "usage"
		JOIN json_to_recordset("p_holds") AS "hold" ("capId" text, "subject" text, "windowStartMs" bigint)
			ON "usage"."cap_id" = "hold"."capId" AND "usage"."subject" = "hold"."subject" AND "usage"."window_start_ms" = "hold"."windowStartMs"
		ORDER BY "usage"."cap_id" COLLATE "C", "usage"."subject" COLLATE "C", "usage"."window_start_ms"
		FOR UPDATE OF "usage";
	"now_ms" := floor(extract(epoch FROM clock_timestamp()) * 1000);
	RETURN QUERY
	WITH "asked" AS (
		SELECT "usage"."cap_id", "usage"."subject", "usage"."window_start_ms", "usage"."used", "hold"."amount",
			coalesce((
				SELECT sum("other"."amount") FROM "cap_reservation" AS "other"
				WHERE "other"."cap_id" = "usage"."cap_id" AND "other"."subject" = "usage"."subject"
					AND "other"."window_start_ms" = "usage"."window_start_ms"
					AND "other"."expires_at_ms" > "now_ms" AND "other"."trace_id" <> "p_trace_id"
			), 0) AS "reserved",
			"cap"."mode", "cap"."amount" AS "most"
		FROM json_to_recordset("p_holds") AS "hold" ("capId" text, "subject" text, "windowStartMs" bigint, "amount" numeric)
		JOIN "cap_usage" AS "usage"
			ON "usage"."cap_id" = "hold"."capId" AND "usage"."subject" = "hold"."subject" AND "usage"."window_start_ms" = "hold"."windowStartMs"
		LEFT JOIN "cap" ON "cap"."id" = "hold"."capId"
	), "judged" AS (
		SELECT *, coalesce("mode" = 'hard' AND "used" + "reserved" + "amount" > "most", false) AS "is_refused" FROM "asked"
	), "verdict" AS (
		SELECT bool_or("is_refused") AS "is_any_refused" FROM "judged"
	), "taken" AS (
		INSERT INTO "cap_reservation" ("trace_id", "cap_id", "subject", "window_start_ms", "amount", "owner", "expires_at_ms")
			SELECT "p_trace_id", "cap_id", "subject", "window_start_ms", "amount", "p_owner", "now_ms" + "p_live_ms"
			FROM "judged", "verdict" WHERE NOT "is_any_refused"
			ON CONFLICT DO NOTHING
	)
	SELECT "cap_id", "subject", "window_start_ms", "used",
		"reserved" + CASE WHEN "is_any_refused" THEN 0 ELSE "amount" END, "is_refused"
	FROM "judged", "verdict";
END $$;
