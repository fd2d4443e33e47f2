CREATE TABLE `handed_over` (
	`one` integer PRIMARY KEY NOT NULL,
	`row_id` text NOT NULL,
	CONSTRAINT "handed_over_one" CHECK("one" = 1),
	CONSTRAINT "handed_over_row" CHECK("row_id" = '' or "row_id" not glob '*[^0-9a-f-]*')
);
--> statement-breakpoint
CREATE TABLE `set_aside` (
	`row_id` text PRIMARY KEY NOT NULL,
	`trace_id` text NOT NULL,
	`status` integer NOT NULL,
	`time_ms` integer NOT NULL,
	CONSTRAINT "set_aside_row" CHECK("row_id" not glob '*[^0-9a-f-]*'),
	CONSTRAINT "set_aside_trace" CHECK(length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*')
);
