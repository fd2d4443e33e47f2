CREATE TABLE "admin_account" (
	"name" text PRIMARY KEY NOT NULL,
	"role" text NOT NULL,
	"password_hash" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"disabled_at_ms" bigint,
	CONSTRAINT "admin_account_role" CHECK (("role" = 'owner' or "role" = 'admin' or "role" = 'auditor' or "role" = 'viewer')),
	CONSTRAINT "admin_account_password" CHECK (length("password_hash") <= 256 and "password_hash" like '$argon2id$%' and "password_hash" !~ '[^]A-Za-z0-9+/=$,v-]'),
	CONSTRAINT "admin_account_names" CHECK (("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "admin_token" (
	"id" text PRIMARY KEY NOT NULL,
	"secret_hash" text NOT NULL,
	"kind" text NOT NULL,
	"name" text,
	"role" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	"ended_at_ms" bigint,
	CONSTRAINT "admin_token_secret_hash_unique" UNIQUE("secret_hash"),
	CONSTRAINT "admin_token_hash" CHECK (length("secret_hash") = 64 and "secret_hash" !~ '[^0-9a-f]'),
	CONSTRAINT "admin_token_kind" CHECK ("kind" = 'session' or "kind" = 'key'),
	CONSTRAINT "admin_token_role" CHECK (("role" = 'owner' or "role" = 'admin' or "role" = 'auditor' or "role" = 'viewer')),
	CONSTRAINT "admin_token_names" CHECK (("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "cap" (
	"id" text PRIMARY KEY NOT NULL,
	"scope" text NOT NULL,
	"scope_id" text,
	"unit" text NOT NULL,
	"amount" numeric(38, 0) NOT NULL,
	"window" text NOT NULL,
	"time_zone" text NOT NULL,
	"mode" text NOT NULL,
	"warn_percent" integer,
	"created_at_ms" bigint NOT NULL,
	"version" bigint NOT NULL,
	CONSTRAINT "cap_enums" CHECK (("scope" = 'org' or "scope" = 'team' or "scope" = 'user' or "scope" = 'key') and ("unit" = 'usd' or "unit" = 'tokens') and ("window" = 'hour' or "window" = 'day' or "window" = 'week' or "window" = 'month') and ("mode" = 'hard' or "mode" = 'soft')),
	CONSTRAINT "cap_names" CHECK (("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("scope_id" is null or (length("scope_id") <= 128 and "scope_id" not like '% % % % %' and "scope_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("time_zone" is null or (length("time_zone") <= 128 and "time_zone" not like '% % % % %' and "time_zone" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "cap_usage" (
	"cap_id" text NOT NULL,
	"subject" text NOT NULL,
	"window_start_ms" bigint NOT NULL,
	"used" numeric(38, 0) NOT NULL,
	CONSTRAINT "cap_usage_cap_id_subject_window_start_ms_pk" PRIMARY KEY("cap_id","subject","window_start_ms"),
	CONSTRAINT "cap_usage_names" CHECK (("cap_id" is null or (length("cap_id") <= 128 and "cap_id" not like '% % % % %' and "cap_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("subject" is null or (length("subject") <= 128 and "subject" not like '% % % % %' and "subject" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "invite" (
	"id" text PRIMARY KEY NOT NULL,
	"secret_hash" text NOT NULL,
	"name" text,
	"description" text,
	"user" text,
	"team" text,
	"metadata" text,
	"passthrough" text,
	"models" text,
	"endpoints" text,
	"key_expires_at_ms" bigint,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"redeemed_at_ms" bigint,
	"revoked_at_ms" bigint,
	"key_id" text,
	CONSTRAINT "invite_secret_hash_unique" UNIQUE("secret_hash"),
	CONSTRAINT "invite_hash" CHECK (length("secret_hash") = 64 and "secret_hash" !~ '[^0-9a-f]'),
	CONSTRAINT "invite_metadata" CHECK ("metadata" is null or "metadata" in ('ignore','fill')),
	CONSTRAINT "invite_models" CHECK (("models" is null or (length("models") <= 16384 and "models" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "invite_endpoints" CHECK (("endpoints" is null or (length("endpoints") <= 1024 and "endpoints" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "invite_names" CHECK (("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("description" is null or (length("description") <= 128 and "description" not like '% % % % %' and "description" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("passthrough" is null or (length("passthrough") <= 128 and "passthrough" not like '% % % % %' and "passthrough" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "rate_limit" (
	"id" text PRIMARY KEY NOT NULL,
	"scope" text NOT NULL,
	"scope_id" text,
	"requests_per_minute" integer,
	"tokens_per_minute" integer,
	"concurrent" integer,
	"created_at_ms" bigint NOT NULL,
	"version" bigint NOT NULL,
	CONSTRAINT "rate_limit_scope" CHECK (("scope" = 'org' or "scope" = 'team' or "scope" = 'user' or "scope" = 'key')),
	CONSTRAINT "rate_limit_names" CHECK (("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("scope_id" is null or (length("scope_id") <= 128 and "scope_id" not like '% % % % %' and "scope_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
ALTER TABLE "client_key" DROP CONSTRAINT "client_key_names";--> statement-breakpoint
ALTER TABLE "client_key" ADD COLUMN "description" text;--> statement-breakpoint
ALTER TABLE "client_key" ADD COLUMN "endpoints" text;--> statement-breakpoint
ALTER TABLE "client_key" ADD COLUMN "previous_hash" text;--> statement-breakpoint
ALTER TABLE "client_key" ADD COLUMN "previous_until_ms" bigint;--> statement-breakpoint
ALTER TABLE "client_key" ADD CONSTRAINT "client_key_previous_hash_unique" UNIQUE("previous_hash");--> statement-breakpoint
ALTER TABLE "client_key" ADD CONSTRAINT "client_key_previous" CHECK ("previous_hash" is null or (length("previous_hash") = 64 and "previous_hash" !~ '[^0-9a-f]'));--> statement-breakpoint
ALTER TABLE "client_key" ADD CONSTRAINT "client_key_endpoints" CHECK (("endpoints" is null or (length("endpoints") <= 1024 and "endpoints" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]')));--> statement-breakpoint
ALTER TABLE "client_key" ADD CONSTRAINT "client_key_names" CHECK (("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("display" is null or (length("display") <= 128 and "display" not like '% % % % %' and "display" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("description" is null or (length("description") <= 128 and "description" not like '% % % % %' and "description" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("passthrough" is null or (length("passthrough") <= 128 and "passthrough" not like '% % % % %' and "passthrough" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')));