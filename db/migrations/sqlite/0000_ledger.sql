CREATE TABLE `claimed_user` (
	`key_id` text NOT NULL,
	`user` text NOT NULL,
	`day` text NOT NULL,
	PRIMARY KEY(`key_id`, `user`),
	CONSTRAINT "claimed_user_day" CHECK(length("day") = 10),
	CONSTRAINT "claimed_user_names" CHECK(("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %')))
);
--> statement-breakpoint
CREATE TABLE `client_key` (
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
	CONSTRAINT "client_key_hash" CHECK(length("secret_hash") = 64),
	CONSTRAINT "client_key_metadata" CHECK("metadata" is null or "metadata" in ('ignore','fill')),
	CONSTRAINT "client_key_names" CHECK(("id" is null or (length("id") <= 128 and "id" not like '% % % % %')) and ("display" is null or (length("display") <= 128 and "display" not like '% % % % %')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %')) and ("passthrough" is null or (length("passthrough") <= 128 and "passthrough" not like '% % % % %')))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `client_key_secret_hash_unique` ON `client_key` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `issued_response` (
	`response_id` text NOT NULL,
	`key_id` text NOT NULL,
	`provider` text NOT NULL,
	`time_ms` integer NOT NULL,
	PRIMARY KEY(`response_id`, `key_id`),
	CONSTRAINT "issued_response_names" CHECK(("response_id" is null or (length("response_id") <= 128 and "response_id" not like '% % % % %')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %')) and ("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %')))
);
--> statement-breakpoint
CREATE TABLE `ledger` (
	`id` text NOT NULL,
	`time_ms` integer NOT NULL,
	`trace_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`session` text,
	`user` text,
	`team` text,
	`attribution` text NOT NULL,
	`key_id` text NOT NULL,
	`credential` text NOT NULL,
	`endpoint` text NOT NULL,
	`dialect` text NOT NULL,
	`provider` text,
	`model_requested` text,
	`model_served` text,
	`stream` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_input_tokens` integer NOT NULL,
	`cache_write_tokens` integer NOT NULL,
	`cache_write_1h_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`service_tier` text,
	`usage_source` text NOT NULL,
	`cost_pico_usd` numeric,
	`price_version` text,
	`unpriced` integer NOT NULL,
	`latency_ms` integer,
	`ttfb_ms` integer,
	`status` integer,
	`upstream_status` integer,
	`outcome` text NOT NULL,
	`saved_input_tokens` integer NOT NULL,
	`saved_pico_usd` numeric NOT NULL,
	PRIMARY KEY(`trace_id`, `attempt`),
	CONSTRAINT "ledger_id" CHECK(length("id") = 36 and length("trace_id") = 32),
	CONSTRAINT "ledger_enums" CHECK("attribution" in ('key','header','none') and "credential" in ('managed','passthrough') and "endpoint" in ('chat','completions','responses','embeddings','messages') and "dialect" in ('openai-chat','openai-completions','openai-responses','openai-embeddings','anthropic-messages') and "usage_source" in ('provider','estimated','none') and "outcome" in ('ok','aborted','cut','upstream_error','timeout','refused','crashed')),
	CONSTRAINT "ledger_money" CHECK(("cost_pico_usd" is null or typeof("cost_pico_usd") = 'integer') and typeof("saved_pico_usd") = 'integer'),
	CONSTRAINT "ledger_tokens" CHECK("input_tokens" >= "cached_input_tokens" + "cache_write_tokens" and "cached_input_tokens" >= 0 and "cache_write_tokens" >= "cache_write_1h_tokens" and "cache_write_1h_tokens" >= 0 and "output_tokens" >= "reasoning_tokens" and "reasoning_tokens" >= 0),
	CONSTRAINT "ledger_names" CHECK(("session" is null or (length("session") <= 128 and "session" not like '% % % % %')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %')) and ("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %')) and ("model_requested" is null or (length("model_requested") <= 128 and "model_requested" not like '% % % % %')) and ("model_served" is null or (length("model_served") <= 128 and "model_served" not like '% % % % %')) and ("service_tier" is null or (length("service_tier") <= 128 and "service_tier" not like '% % % % %')) and ("price_version" is null or (length("price_version") <= 128 and "price_version" not like '% % % % %')))
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_id_unique` ON `ledger` (`id`);--> statement-breakpoint
CREATE TABLE `price_override` (
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`price` text NOT NULL,
	`version` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`provider`, `model`),
	CONSTRAINT "price_override_names" CHECK(("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %')) and ("model" is null or (length("model") <= 128 and "model" not like '% % % % %')) and ("version" is null or (length("version") <= 128 and "version" not like '% % % % %')))
);
