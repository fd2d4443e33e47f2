CREATE TABLE "claimed_user" (
	"key_id" text NOT NULL,
	"user" text NOT NULL,
	"day" text NOT NULL,
	CONSTRAINT "claimed_user_key_id_user_pk" PRIMARY KEY("key_id","user"),
	CONSTRAINT "claimed_user_day" CHECK (length("day") = 10 and "day" !~ '[^0-9-]'),
	CONSTRAINT "claimed_user_names" CHECK (("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "client_key" (
	"id" text PRIMARY KEY NOT NULL,
	"secret_hash" text NOT NULL,
	"display" text NOT NULL,
	"name" text,
	"user" text,
	"team" text,
	"metadata" text,
	"passthrough" text,
	"models" text,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	"revoked_at_ms" bigint,
	CONSTRAINT "client_key_secret_hash_unique" UNIQUE("secret_hash"),
	CONSTRAINT "client_key_hash" CHECK (length("secret_hash") = 64 and "secret_hash" !~ '[^0-9a-f]'),
	CONSTRAINT "client_key_metadata" CHECK ("metadata" is null or "metadata" in ('ignore','fill')),
	CONSTRAINT "client_key_models" CHECK (("models" is null or (length("models") <= 16384 and "models" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "client_key_names" CHECK (("id" is null or (length("id") <= 128 and "id" not like '% % % % %' and "id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("display" is null or (length("display") <= 128 and "display" not like '% % % % %' and "display" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("passthrough" is null or (length("passthrough") <= 128 and "passthrough" not like '% % % % %' and "passthrough" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "issued_response" (
	"response_id" text NOT NULL,
	"key_id" text NOT NULL,
	"provider" text NOT NULL,
	"time_ms" bigint NOT NULL,
	CONSTRAINT "issued_response_response_id_key_id_pk" PRIMARY KEY("response_id","key_id"),
	CONSTRAINT "issued_response_names" CHECK (("response_id" is null or (length("response_id") <= 128 and "response_id" not like '% % % % %' and "response_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %' and "provider" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
--> statement-breakpoint
CREATE TABLE "ledger" (
	"id" text COLLATE "C" NOT NULL,
	"time_ms" bigint NOT NULL,
	"trace_id" text COLLATE "C" NOT NULL,
	"attempt" bigint NOT NULL,
	"session" text,
	"user" text,
	"team" text,
	"attribution" text NOT NULL,
	"key_id" text NOT NULL,
	"credential" text NOT NULL,
	"endpoint" text NOT NULL,
	"dialect" text NOT NULL,
	"provider" text,
	"model_requested" text,
	"model_served" text,
	"stream" boolean NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cached_input_tokens" bigint NOT NULL,
	"cache_write_tokens" bigint NOT NULL,
	"cache_write_1h_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"reasoning_tokens" bigint NOT NULL,
	"service_tier" text,
	"usage_source" text NOT NULL,
	"cost_pico_usd" numeric(38, 0),
	"price_version" text,
	"unpriced" boolean NOT NULL,
	"latency_ms" bigint,
	"ttfb_ms" bigint,
	"status" integer,
	"upstream_status" integer,
	"outcome" text NOT NULL,
	"saved_input_tokens" bigint NOT NULL,
	"saved_pico_usd" numeric(38, 0) NOT NULL,
	CONSTRAINT "ledger_trace_id_attempt_pk" PRIMARY KEY("trace_id","attempt"),
	CONSTRAINT "ledger_id" CHECK (length("id") = 36 and "id" !~ '[^0-9a-f-]' and length("trace_id") = 32 and "trace_id" !~ '[^0-9a-f]'),
	CONSTRAINT "ledger_enums" CHECK (("attribution" = 'key' or "attribution" = 'header' or "attribution" = 'none') and ("credential" = 'managed' or "credential" = 'passthrough') and ("endpoint" = 'chat' or "endpoint" = 'completions' or "endpoint" = 'responses' or "endpoint" = 'embeddings' or "endpoint" = 'messages') and ("dialect" = 'openai-chat' or "dialect" = 'openai-completions' or "dialect" = 'openai-responses' or "dialect" = 'openai-embeddings' or "dialect" = 'anthropic-messages') and ("usage_source" = 'provider' or "usage_source" = 'estimated' or "usage_source" = 'none') and ("outcome" = 'ok' or "outcome" = 'aborted' or "outcome" = 'cut' or "outcome" = 'upstream_error' or "outcome" = 'timeout' or "outcome" = 'refused' or "outcome" = 'crashed')),
	CONSTRAINT "ledger_tokens" CHECK ("cached_input_tokens" >= 0 and "cache_write_tokens" >= "cache_write_1h_tokens" and "cache_write_1h_tokens" >= 0 and "input_tokens" >= "cached_input_tokens" + "cache_write_tokens" and "reasoning_tokens" >= 0 and "output_tokens" >= "reasoning_tokens"),
	CONSTRAINT "ledger_names" CHECK (("session" is null or (length("session") <= 128 and "session" not like '% % % % %' and "session" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %' and "provider" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("model_requested" is null or (length("model_requested") <= 128 and "model_requested" not like '% % % % %' and "model_requested" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("model_served" is null or (length("model_served") <= 128 and "model_served" not like '% % % % %' and "model_served" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("service_tier" is null or (length("service_tier") <= 128 and "service_tier" not like '% % % % %' and "service_tier" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("price_version" is null or (length("price_version") <= 128 and "price_version" not like '% % % % %' and "price_version" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
) PARTITION BY RANGE ("trace_id");
--> statement-breakpoint
CREATE TABLE "price_override" (
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"price" text NOT NULL,
	"version" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "price_override_provider_model_pk" PRIMARY KEY("provider","model"),
	CONSTRAINT "price_override_price" CHECK (("price" is null or (length("price") <= 16384 and "price" !~ '[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]'))),
	CONSTRAINT "price_override_names" CHECK (("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %' and "provider" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("model" is null or (length("model") <= 128 and "model" not like '% % % % %' and "model" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("version" is null or (length("version") <= 128 and "version" not like '% % % % %' and "version" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
