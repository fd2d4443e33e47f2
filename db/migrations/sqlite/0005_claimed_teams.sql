CREATE TABLE `claimed_team` (
	`key_id` text NOT NULL,
	`team` text NOT NULL,
	`day` text NOT NULL,
	PRIMARY KEY(`key_id`, `team`),
	CONSTRAINT "claimed_team_day" CHECK(length("day") = 10 and "day" not glob '*[^0-9-]*'),
	CONSTRAINT "claimed_team_names" CHECK(("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "claimed_team_nul" CHECK(instr(coalesce("key_id", '') || coalesce("team", '') || coalesce("day", ''), char(0)) = 0)
);
