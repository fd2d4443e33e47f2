CREATE TABLE `gateway` (
	`one` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	CONSTRAINT "gateway_one" CHECK("one" = 1),
	CONSTRAINT "gateway_id" CHECK(length("id") = 32 and "id" not glob '*[^0-9a-f]*'),
	CONSTRAINT "gateway_nul" CHECK(instr(coalesce("id", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TABLE `refused_row` (
	`row_id` text PRIMARY KEY NOT NULL,
	`trace_id` text NOT NULL,
	`time_ms` integer NOT NULL,
	CONSTRAINT "refused_row_row" CHECK("row_id" not glob '*[^0-9a-f-]*'),
	CONSTRAINT "refused_row_trace" CHECK(length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*')
);
--> statement-breakpoint
CREATE TABLE `shipped` (
	`one` integer PRIMARY KEY NOT NULL,
	`row_id` text NOT NULL,
	CONSTRAINT "shipped_one" CHECK("one" = 1),
	CONSTRAINT "shipped_row" CHECK("row_id" = '' or "row_id" not glob '*[^0-9a-f-]*')
);
--> statement-breakpoint
CREATE TABLE `waiting_charge` (
	`trace_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`cap_id` text NOT NULL,
	`subject` text NOT NULL,
	`window_start_ms` integer NOT NULL,
	`amount` numeric NOT NULL,
	PRIMARY KEY(`trace_id`, `attempt`, `cap_id`),
	CONSTRAINT "waiting_charge_trace" CHECK(length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*'),
	CONSTRAINT "waiting_charge_amount" CHECK(typeof("amount") = 'integer'),
	CONSTRAINT "waiting_charge_names" CHECK(("cap_id" is null or (length("cap_id") <= 128 and "cap_id" not like '% % % % %' and "cap_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("subject" is null or (length("subject") <= 128 and "subject" not like '% % % % %' and "subject" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "waiting_charge_nul" CHECK(instr(coalesce("trace_id", '') || coalesce("cap_id", '') || coalesce("subject", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TABLE `waiting_response` (
	`trace_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`response_id` text NOT NULL,
	PRIMARY KEY(`trace_id`, `attempt`),
	CONSTRAINT "waiting_response_trace" CHECK(length("trace_id") = 32 and "trace_id" not glob '*[^0-9a-f]*'),
	CONSTRAINT "waiting_response_names" CHECK(("response_id" is null or (length("response_id") <= 128 and "response_id" not like '% % % % %' and "response_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "waiting_response_nul" CHECK(instr(coalesce("trace_id", '') || coalesce("response_id", ''), char(0)) = 0)
);
