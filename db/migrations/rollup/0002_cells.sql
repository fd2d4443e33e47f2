CREATE TABLE `spend_cells` (
	`day` integer NOT NULL,
	`level` integer NOT NULL,
	`part` integer NOT NULL,
	`last_ms` integer NOT NULL,
	`cells` blob NOT NULL,
	PRIMARY KEY(`day`, `level`, `part`),
	CONSTRAINT "spend_cells_numbers" CHECK(typeof("day") = 'integer' and typeof("level") = 'integer' and typeof("part") = 'integer' and typeof("last_ms") = 'integer'),
	CONSTRAINT "spend_cells_cells" CHECK(typeof("cells") = 'blob')
);
--> statement-breakpoint
CREATE TABLE `spend_who` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user` text NOT NULL,
	`team` text NOT NULL,
	`key_id` text NOT NULL,
	`credential` text NOT NULL,
	`provider` text NOT NULL,
	`model_requested` text NOT NULL,
	`model_served` text NOT NULL,
	`endpoint` text NOT NULL,
	`dialect` text NOT NULL,
	`outcome` text NOT NULL,
	`usage_source` text NOT NULL,
	`last_day` integer NOT NULL,
	CONSTRAINT "spend_who_names" CHECK(("user" is null or (length("user") <= 128 and "user" not like '% % % % %' and "user" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("credential" is null or (length("credential") <= 128 and "credential" not like '% % % % %' and "credential" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("provider" is null or (length("provider") <= 128 and "provider" not like '% % % % %' and "provider" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("model_requested" is null or (length("model_requested") <= 128 and "model_requested" not like '% % % % %' and "model_requested" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("model_served" is null or (length("model_served") <= 128 and "model_served" not like '% % % % %' and "model_served" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("endpoint" is null or (length("endpoint") <= 128 and "endpoint" not like '% % % % %' and "endpoint" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("dialect" is null or (length("dialect") <= 128 and "dialect" not like '% % % % %' and "dialect" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("outcome" is null or (length("outcome") <= 128 and "outcome" not like '% % % % %' and "outcome" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("usage_source" is null or (length("usage_source") <= 128 and "usage_source" not like '% % % % %' and "usage_source" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "spend_who_numbers" CHECK(typeof("last_day") = 'integer')
);
--> statement-breakpoint
CREATE UNIQUE INDEX `spend_who_all` ON `spend_who` (`user`,`team`,`key_id`,`credential`,`provider`,`model_requested`,`model_served`,`endpoint`,`dialect`,`outcome`,`usage_source`);--> statement-breakpoint
CREATE INDEX `spend_who_last` ON `spend_who` (`last_day`);
--> statement-breakpoint
-- By hand: all of it is made anew.
DELETE FROM `rollup_state`;