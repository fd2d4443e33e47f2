CREATE TABLE `rollup_state` (
	`one` integer PRIMARY KEY NOT NULL,
	`row_id` text NOT NULL,
	`epoch` integer NOT NULL,
	CONSTRAINT "rollup_state_one" CHECK("one" = 1),
	CONSTRAINT "rollup_state_row" CHECK("row_id" not glob '*[^0-9a-f-]*')
);
--> statement-breakpoint
CREATE TABLE `spend_day` (
	`dimension` text NOT NULL,
	`day` integer NOT NULL,
	`value` text NOT NULL,
	`rows` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_input_tokens` integer NOT NULL,
	`cache_write_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost_high` integer NOT NULL,
	`cost_low` integer NOT NULL,
	`estimated_high` integer NOT NULL,
	`estimated_low` integer NOT NULL,
	`estimated_rows` integer NOT NULL,
	`unpriced_rows` integer NOT NULL,
	`saved_input_tokens` integer NOT NULL,
	`saved_high` integer NOT NULL,
	`saved_low` integer NOT NULL,
	`last_ms` integer NOT NULL,
	PRIMARY KEY(`dimension`, `day`, `value`),
	CONSTRAINT "spend_day_dimension" CHECK("dimension" = '' or "dimension" = 'user' or "dimension" = 'team' or "dimension" = 'key_id' or "dimension" = 'credential' or "dimension" = 'provider' or "dimension" = 'model' or "dimension" = 'model_requested' or "dimension" = 'model_served' or "dimension" = 'endpoint' or "dimension" = 'dialect' or "dimension" = 'outcome' or "dimension" = 'usage_source'),
	CONSTRAINT "spend_day_value" CHECK(("value" is null or (length("value") <= 128 and "value" not like '% % % % %' and "value" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "spend_day_numbers" CHECK(typeof("day") = 'integer' and typeof("rows") = 'integer' and typeof("cost_high") = 'integer' and typeof("last_ms") = 'integer')
);
