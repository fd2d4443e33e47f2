CREATE TABLE `admin_account` (
	`name` text PRIMARY KEY NOT NULL,
	`role` text NOT NULL,
	`password_hash` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`disabled_at_ms` integer,
	CONSTRAINT "admin_account_role" CHECK(("role" = 'owner' or "role" = 'admin' or "role" = 'auditor' or "role" = 'viewer')),
	CONSTRAINT "admin_account_password" CHECK(length("password_hash") <= 256 and "password_hash" like '$argon2id$%' and "password_hash" not glob '*[^]A-Za-z0-9+/=$,v-]*'),
	CONSTRAINT "admin_account_names" CHECK(("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "admin_account_numbers" CHECK(typeof("created_at_ms") = 'integer' and ("disabled_at_ms" is null or typeof("disabled_at_ms") = 'integer')),
	CONSTRAINT "admin_account_nul" CHECK(instr(coalesce("name", '') || coalesce("password_hash", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TABLE `admin_token` (
	`id` text PRIMARY KEY NOT NULL,
	`secret_hash` text NOT NULL,
	`kind` text NOT NULL,
	`name` text,
	`role` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer,
	`ended_at_ms` integer,
	CONSTRAINT "admin_token_hash" CHECK(length("secret_hash") = 64 and "secret_hash" not glob '*[^0-9a-f]*'),
	CONSTRAINT "admin_token_kind" CHECK("kind" = 'session' or "kind" = 'key'),
	CONSTRAINT "admin_token_role" CHECK(("role" = 'owner' or "role" = 'admin' or "role" = 'auditor' or "role" = 'viewer')),
	CONSTRAINT "admin_token_names" CHECK(("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "admin_token_numbers" CHECK(typeof("created_at_ms") = 'integer' and ("expires_at_ms" is null or typeof("expires_at_ms") = 'integer') and ("ended_at_ms" is null or typeof("ended_at_ms") = 'integer')),
	CONSTRAINT "admin_token_nul" CHECK(instr(coalesce("id", '') || coalesce("secret_hash", '') || coalesce("name", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `admin_token_secret_hash_unique` ON `admin_token` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `cap` (
	`id` text PRIMARY KEY NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text,
	`unit` text NOT NULL,
	`amount` numeric NOT NULL,
	`window` text NOT NULL,
	`time_zone` text NOT NULL,
	`mode` text NOT NULL,
	`warn_percent` integer,
	`created_at_ms` integer NOT NULL,
	`version` integer NOT NULL,
	CONSTRAINT "cap_enums" CHECK(("scope" = 'org' or "scope" = 'team' or "scope" = 'user' or "scope" = 'key') and ("unit" = 'usd' or "unit" = 'tokens') and ("window" = 'hour' or "window" = 'day' or "window" = 'week' or "window" = 'month') and ("mode" = 'hard' or "mode" = 'soft')),
	CONSTRAINT "cap_names" CHECK(("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("scope_id" is null or (length("scope_id") <= 128 and "scope_id" not like '% % % % %' and "scope_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("time_zone" is null or (length("time_zone") <= 128 and "time_zone" not like '% % % % %' and "time_zone" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "cap_numbers" CHECK(typeof("amount") = 'integer' and typeof("created_at_ms") = 'integer' and typeof("version") = 'integer' and ("warn_percent" is null or typeof("warn_percent") = 'integer')),
	CONSTRAINT "cap_nul" CHECK(instr(coalesce("id", '') || coalesce("scope_id", '') || coalesce("time_zone", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TABLE `cap_usage` (
	`cap_id` text NOT NULL,
	`subject` text NOT NULL,
	`window_start_ms` integer NOT NULL,
	`used` numeric NOT NULL,
	PRIMARY KEY(`cap_id`, `subject`, `window_start_ms`),
	CONSTRAINT "cap_usage_names" CHECK(("cap_id" is null or (length("cap_id") <= 128 and "cap_id" not like '% % % % %' and "cap_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("subject" is null or (length("subject") <= 128 and "subject" not like '% % % % %' and "subject" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "cap_usage_numbers" CHECK(typeof("window_start_ms") = 'integer' and typeof("used") = 'integer'),
	CONSTRAINT "cap_usage_nul" CHECK(instr(coalesce("cap_id", '') || coalesce("subject", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TABLE `invite` (
	`id` text PRIMARY KEY NOT NULL,
	`secret_hash` text NOT NULL,
	`name` text,
	`description` text,
	`user` text,
	`team` text,
	`metadata` text,
	`passthrough` text,
	`models` text,
	`endpoints` text,
	`key_expires_at_ms` integer,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`redeemed_at_ms` integer,
	`revoked_at_ms` integer,
	`key_id` text,
	CONSTRAINT "invite_hash" CHECK(length("secret_hash") = 64 and "secret_hash" not glob '*[^0-9a-f]*'),
	CONSTRAINT "invite_metadata" CHECK("metadata" is null or "metadata" in ('ignore','fill')),
	CONSTRAINT "invite_models" CHECK(("models" is null or (length("models") <= 16384 and "models" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "invite_endpoints" CHECK(("endpoints" is null or (length("endpoints") <= 1024 and "endpoints" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "invite_names" CHECK(("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("description" is null or (length("description") <= 128 and "description" not like '% % % % %' and "description" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("passthrough" is null or (length("passthrough") <= 128 and "passthrough" not like '% % % % %' and "passthrough" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "invite_numbers" CHECK(typeof("created_at_ms") = 'integer' and typeof("expires_at_ms") = 'integer' and ("key_expires_at_ms" is null or typeof("key_expires_at_ms") = 'integer') and ("redeemed_at_ms" is null or typeof("redeemed_at_ms") = 'integer') and ("revoked_at_ms" is null or typeof("revoked_at_ms") = 'integer')),
	CONSTRAINT "invite_nul" CHECK(instr(coalesce("id", '') || coalesce("secret_hash", '') || coalesce("name", '') || coalesce("description", '') || coalesce("user", '') || coalesce("team", '') || coalesce("passthrough", '') || coalesce("models", '') || coalesce("endpoints", '') || coalesce("key_id", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `invite_secret_hash_unique` ON `invite` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `rate_limit` (
	`id` text PRIMARY KEY NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text,
	`requests_per_minute` integer,
	`tokens_per_minute` integer,
	`concurrent` integer,
	`created_at_ms` integer NOT NULL,
	`version` integer NOT NULL,
	CONSTRAINT "rate_limit_scope" CHECK(("scope" = 'org' or "scope" = 'team' or "scope" = 'user' or "scope" = 'key')),
	CONSTRAINT "rate_limit_names" CHECK(("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("scope_id" is null or (length("scope_id") <= 128 and "scope_id" not like '% % % % %' and "scope_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "rate_limit_numbers" CHECK(typeof("created_at_ms") = 'integer' and typeof("version") = 'integer' and ("requests_per_minute" is null or typeof("requests_per_minute") = 'integer') and ("tokens_per_minute" is null or typeof("tokens_per_minute") = 'integer') and ("concurrent" is null or typeof("concurrent") = 'integer')),
	CONSTRAINT "rate_limit_nul" CHECK(instr(coalesce("id", '') || coalesce("scope_id", ''), char(0)) = 0)
);
--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_client_key` (
	`id` text PRIMARY KEY NOT NULL,
	`secret_hash` text NOT NULL,
	`display` text NOT NULL,
	`name` text,
	`user` text,
	`team` text,
	`metadata` text,
	`passthrough` text,
	`models` text,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer,
	`revoked_at_ms` integer,
	`description` text,
	`endpoints` text,
	`previous_hash` text,
	`previous_until_ms` integer,
	CONSTRAINT "client_key_hash" CHECK(length("secret_hash") = 64 and "secret_hash" not glob '*[^0-9a-f]*'),
	CONSTRAINT "client_key_metadata" CHECK("metadata" is null or "metadata" in ('ignore','fill')),
	CONSTRAINT "client_key_previous" CHECK("previous_hash" is null or (length("previous_hash") = 64 and "previous_hash" not glob '*[^0-9a-f]*')),
	CONSTRAINT "client_key_endpoints" CHECK(("endpoints" is null or (length("endpoints") <= 1024 and "endpoints" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "client_key_models" CHECK(("models" is null or (length("models") <= 16384 and "models" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "client_key_names" CHECK(("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("display" is null or (length("display") <= 128 and "display" not like '% % % % %' and "display" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("description" is null or (length("description") <= 128 and "description" not like '% % % % %' and "description" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("passthrough" is null or (length("passthrough") <= 128 and "passthrough" not like '% % % % %' and "passthrough" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "client_key_nul" CHECK(instr(coalesce("id", '') || coalesce("secret_hash", '') || coalesce("display", '') || coalesce("name", '') || coalesce("user", '') || coalesce("team", '') || coalesce("passthrough", '') || coalesce("models", '') || coalesce("description", '') || coalesce("endpoints", '') || coalesce("previous_hash", ''), char(0)) = 0)
);
--> statement-breakpoint
-- By hand: drizzle-kit would select the new columns, which SQLite takes for words.
INSERT INTO `__new_client_key`("id", "secret_hash", "display", "name", "user", "team", "metadata", "passthrough", "models", "created_at_ms", "expires_at_ms", "revoked_at_ms") SELECT "id", "secret_hash", "display", "name", "user", "team", "metadata", "passthrough", "models", "created_at_ms", "expires_at_ms", "revoked_at_ms" FROM `client_key`;--> statement-breakpoint
DROP TABLE `client_key`;--> statement-breakpoint
ALTER TABLE `__new_client_key` RENAME TO `client_key`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `client_key_secret_hash_unique` ON `client_key` (`secret_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `client_key_previous_hash_unique` ON `client_key` (`previous_hash`);