ALTER TABLE "ledger" ADD COLUMN "finish_reason" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "content_mode" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "caller_span" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD CONSTRAINT "ledger_finish_reason" CHECK (("finish_reason" is null or "finish_reason" = 'stop' or "finish_reason" = 'length' or "finish_reason" = 'tool_call' or "finish_reason" = 'content_filter' or "finish_reason" = 'error' or "finish_reason" = 'other'));--> statement-breakpoint
ALTER TABLE "ledger" ADD CONSTRAINT "ledger_content_mode" CHECK (("content_mode" is null or "content_mode" = 'off' or "content_mode" = 'encrypted' or "content_mode" = 'plaintext'));--> statement-breakpoint
ALTER TABLE "ledger" ADD CONSTRAINT "ledger_caller_span" CHECK (("caller_span" is null or "caller_span" ~ '^[0-9a-f]{32}-[0-9a-f]{16}-(link|parent)$'));