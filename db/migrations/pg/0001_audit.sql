CREATE TABLE "audit" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"time_ms" bigint NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"before" text,
	"after" text,
	"prev_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_before" CHECK (("before" is null or (length("before") <= 16384 and "before" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "audit_after" CHECK (("after" is null or (length("after") <= 16384 and "after" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "audit_prev_hash" CHECK (length("prev_hash") = 64 and "prev_hash" !~ '[^0-9a-f]'),
	CONSTRAINT "audit_hash" CHECK (length("hash") = 64 and "hash" !~ '[^0-9a-f]'),
	CONSTRAINT "audit_names" CHECK (("actor" is null or (length("actor") <= 128 and "actor" not like '% % % % %' and "actor" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("action" is null or (length("action") <= 128 and "action" not like '% % % % %' and "action" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("target" is null or (length("target") <= 128 and "target" not like '% % % % %' and "target" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "setting" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"version" bigint NOT NULL,
	"changed_at_ms" bigint NOT NULL,
	"changed_by" text NOT NULL,
	CONSTRAINT "setting_value" CHECK (("value" is null or (length("value") <= 16384 and "value" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "setting_names" CHECK (("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("changed_by" is null or (length("changed_by") <= 128 and "changed_by" not like '% % % % %' and "changed_by" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE FUNCTION "audit_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
--> statement-breakpoint
CREATE TRIGGER "audit_no_change" BEFORE UPDATE OR DELETE ON "audit" FOR EACH ROW EXECUTE FUNCTION "audit_append_only"();
--> statement-breakpoint
CREATE TRIGGER "audit_no_truncate" BEFORE TRUNCATE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION "audit_append_only"();
