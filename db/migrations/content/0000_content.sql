CREATE TABLE `content` (
	`trace_id` text NOT NULL,
	`span_id` text NOT NULL,
	`field` text NOT NULL,
	`time_ms` integer NOT NULL,
	`mode` text NOT NULL,
	`state` text NOT NULL,
	`envelope` blob,
	`object` text,
	`size_bytes` integer NOT NULL,
	`sha256` text,
	`reason` text,
	CONSTRAINT "content_ids" CHECK((length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*') and (length("span_id") = 16 and "span_id" not glob '*[^0-9a-f]*')),
	CONSTRAINT "content_field" CHECK("field" in ('input', 'output')),
	CONSTRAINT "content_mode" CHECK("mode" in ('encrypted', 'plaintext')),
	CONSTRAINT "content_state" CHECK(("state" = 'inline' and "envelope" is not null and "object" is null and "reason" is null) or ("state" = 'object' and "envelope" is null and "object" is not null and "reason" is null) or ("state" = 'omitted' and "envelope" is null and "object" is null and "reason" is not null)),
	CONSTRAINT "content_object_name" CHECK("object" is null or (length("object") = 46 and "object" not glob '*[^0-9a-f/-]*' and "object" not like '%..%')),
	CONSTRAINT "content_sha256" CHECK("sha256" is null or (length("sha256") = 64 and "sha256" not glob '*[^0-9a-f]*')),
	CONSTRAINT "content_reason" CHECK("reason" is null or "reason" in ('too_large', 'queue_full', 'store_full', 'store_failed', 'sealer_failed'))
);
--> statement-breakpoint
CREATE INDEX `content_time` ON `content` (`time_ms`);--> statement-breakpoint
CREATE INDEX `content_object` ON `content` (`object`) WHERE object is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `content_part` ON `content` (`trace_id`,`field`);