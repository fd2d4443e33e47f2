-- A closed list grew: SQLite must copy the ledger for that, once.
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_ledger` (
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
	`finish_reason` text,
	`content_mode` text,
	`caller_span` text,
	`metadata` text,
	PRIMARY KEY(`trace_id`, `attempt`),
	CONSTRAINT "ledger_id" CHECK(length("id") = 36 and "id" not glob '*[^0-9a-f-]*' and length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*'),
	CONSTRAINT "ledger_enums" CHECK(("attribution" = 'key' or "attribution" = 'header' or "attribution" = 'none') and ("credential" = 'managed' or "credential" = 'passthrough') and ("endpoint" = 'chat' or "endpoint" = 'completions' or "endpoint" = 'responses' or "endpoint" = 'embeddings' or "endpoint" = 'messages' or "endpoint" = 'images' or "endpoint" = 'audio' or "endpoint" = 'files' or "endpoint" = 'batches' or "endpoint" = 'moderations' or "endpoint" = 'rerank') and ("dialect" = 'openai-chat' or "dialect" = 'openai-completions' or "dialect" = 'openai-responses' or "dialect" = 'openai-embeddings' or "dialect" = 'anthropic-messages' or "dialect" = 'opaque') and ("usage_source" = 'provider' or "usage_source" = 'estimated' or "usage_source" = 'none') and ("outcome" = 'ok' or "outcome" = 'aborted' or "outcome" = 'cut' or "outcome" = 'upstream_error' or "outcome" = 'timeout' or "outcome" = 'refused' or "outcome" = 'crashed')),
	CONSTRAINT "ledger_money" CHECK(("cost_pico_usd" is null or typeof("cost_pico_usd") = 'integer') and typeof("saved_pico_usd") = 'integer'),
	CONSTRAINT "ledger_counts" CHECK(typeof("time_ms") = 'integer' and typeof("attempt") = 'integer' and typeof("stream") = 'integer' and typeof("input_tokens") = 'integer' and typeof("cached_input_tokens") = 'integer' and typeof("cache_write_tokens") = 'integer' and typeof("cache_write_1h_tokens") = 'integer' and typeof("output_tokens") = 'integer' and typeof("reasoning_tokens") = 'integer' and typeof("unpriced") = 'integer' and typeof("saved_input_tokens") = 'integer' and ("latency_ms" is null or typeof("latency_ms") = 'integer') and ("ttfb_ms" is null or typeof("ttfb_ms") = 'integer') and ("status" is null or typeof("status") = 'integer') and ("upstream_status" is null or typeof("upstream_status") = 'integer')),
	CONSTRAINT "ledger_tokens" CHECK("cached_input_tokens" >= 0 and "cache_write_tokens" >= "cache_write_1h_tokens" and "cache_write_1h_tokens" >= 0 and "input_tokens" >= "cached_input_tokens" + "cache_write_tokens" and "reasoning_tokens" >= 0 and "output_tokens" >= "reasoning_tokens"),
	CONSTRAINT "ledger_finish_reason" CHECK(("finish_reason" is null or "finish_reason" = 'stop' or "finish_reason" = 'length' or "finish_reason" = 'tool_call' or "finish_reason" = 'content_filter' or "finish_reason" = 'error' or "finish_reason" = 'other')),
	CONSTRAINT "ledger_content_mode" CHECK(("content_mode" is null or "content_mode" = 'off' or "content_mode" = 'encrypted' or "content_mode" = 'plaintext')),
	CONSTRAINT "ledger_caller_span" CHECK(("caller_span" is null or (("caller_span" glob '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-link' or "caller_span" glob '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-parent') and instr("caller_span", char(0)) = 0))),
	CONSTRAINT "ledger_metadata" CHECK(("metadata" is null or (length("metadata") <= 1536 and "metadata" like '{"%":"%"}' and "metadata" not like '%":"%":"%":"%":"%":"%":"%":"%":"%":"%' and length(replace("metadata", ' ', '')) >= length(replace("metadata", '":"', '')) and "metadata" not glob '*[^{}",a-z0-9 ._@:/+=A-Zª-􏿽-]*' and instr("metadata", char(0)) = 0))),
	CONSTRAINT "ledger_names" CHECK(("session" is null or (length("session") <= 128 and "session" not like '% % % % %' and "session" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %' and "provider" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("model_requested" is null or (length("model_requested") <= 128 and "model_requested" not like '% % % % %' and "model_requested" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("model_served" is null or (length("model_served") <= 128 and "model_served" not like '% % % % %' and "model_served" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("service_tier" is null or (length("service_tier") <= 128 and "service_tier" not like '% % % % %' and "service_tier" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("price_version" is null or (length("price_version") <= 128 and "price_version" not like '% % % % %' and "price_version" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "ledger_nul" CHECK(instr(coalesce("id", '') || coalesce("trace_id", '') || coalesce("session", '') || coalesce("user", '') || coalesce("team", '') || coalesce("key_id", '') || coalesce("provider", '') || coalesce("model_requested", '') || coalesce("model_served", '') || coalesce("service_tier", '') || coalesce("price_version", ''), char(0)) = 0)
) WITHOUT ROWID;
--> statement-breakpoint
-- By hand: WITHOUT ROWID, and no new column here, which SQLite would take for a word.
INSERT INTO `__new_ledger`("id", "time_ms", "trace_id", "attempt", "session", "user", "team", "attribution", "key_id", "credential", "endpoint", "dialect", "provider", "model_requested", "model_served", "stream", "input_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "service_tier", "usage_source", "cost_pico_usd", "price_version", "unpriced", "latency_ms", "ttfb_ms", "status", "upstream_status", "outcome", "saved_input_tokens", "saved_pico_usd", "finish_reason", "content_mode", "caller_span") SELECT "id", "time_ms", "trace_id", "attempt", "session", "user", "team", "attribution", "key_id", "credential", "endpoint", "dialect", "provider", "model_requested", "model_served", "stream", "input_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "service_tier", "usage_source", "cost_pico_usd", "price_version", "unpriced", "latency_ms", "ttfb_ms", "status", "upstream_status", "outcome", "saved_input_tokens", "saved_pico_usd", "finish_reason", "content_mode", "caller_span" FROM `ledger`;--> statement-breakpoint
DROP TABLE `ledger`;--> statement-breakpoint
ALTER TABLE `__new_ledger` RENAME TO `ledger`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_id_unique` ON `ledger` (`id`);