CREATE TABLE `rollup_state` (
	`one` integer PRIMARY KEY NOT NULL,
	`row_id` text NOT NULL,
	`epoch` integer NOT NULL,
	`hours_since` integer NOT NULL,
	CONSTRAINT "rollup_state_one" CHECK("one" = 1),
	CONSTRAINT "rollup_state_row" CHECK("row_id" not glob '*[^0-9a-f-]*'),
	CONSTRAINT "rollup_state_hours" CHECK(typeof("hours_since") = 'integer')
);
--> statement-breakpoint
CREATE TABLE `spend_cells` (
	`unit` text NOT NULL,
	`slot` integer NOT NULL,
	`level` integer NOT NULL,
	`part` integer NOT NULL,
	`last_ms` integer NOT NULL,
	`first_trace_id` text NOT NULL,
	`last_trace_id` text NOT NULL,
	`cells` blob NOT NULL,
	PRIMARY KEY(`unit`, `slot`, `level`, `part`),
	CONSTRAINT "spend_cells_unit" CHECK("unit" in ('day', 'hour')),
	CONSTRAINT "spend_cells_numbers" CHECK(typeof("slot") = 'integer' and typeof("level") = 'integer' and typeof("part") = 'integer' and typeof("last_ms") = 'integer'),
	CONSTRAINT "spend_cells_traces" CHECK("first_trace_id" not glob '*[^0-9a-f]*' and "last_trace_id" not glob '*[^0-9a-f]*'),
	CONSTRAINT "spend_cells_cells" CHECK(typeof("cells") = 'blob')
);
