DROP TABLE `rollup_state`;--> statement-breakpoint
DROP TABLE `spend_cells`;