CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY NOT NULL,
	`time_ms` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`target` text NOT NULL,
	`before` text,
	`after` text,
	`prev_hash` text NOT NULL,
	`hash` text NOT NULL,
	CONSTRAINT "audit_before" CHECK(("before" is null or (length("before") <= 16384 and "before" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "audit_after" CHECK(("after" is null or (length("after") <= 16384 and "after" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "audit_prev_hash" CHECK(length("prev_hash") = 64 and "prev_hash" not glob '*[^0-9a-f]*'),
	CONSTRAINT "audit_hash" CHECK(length("hash") = 64 and "hash" not glob '*[^0-9a-f]*'),
	CONSTRAINT "audit_names" CHECK(("actor" is null or (length("actor") <= 128 and "actor" not like '% % % % %' and "actor" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("action" is null or (length("action") <= 128 and "action" not like '% % % % %' and "action" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("target" is null or (length("target") <= 128 and "target" not like '% % % % %' and "target" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "audit_nul" CHECK(instr(coalesce("actor", '') || coalesce("action", '') || coalesce("target", '') || coalesce("before", '') || coalesce("after", '') || coalesce("prev_hash", '') || coalesce("hash", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TABLE `setting` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`version` integer NOT NULL,
	`changed_at_ms` integer NOT NULL,
	`changed_by` text NOT NULL,
	CONSTRAINT "setting_value" CHECK(("value" is null or (length("value") <= 16384 and "value" not glob '*[^]{}",*[a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "setting_names" CHECK(("name" is null or (length("name") <= 128 and "name" not like '% % % % %' and "name" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*')) and ("changed_by" is null or (length("changed_by") <= 128 and "changed_by" not like '% % % % %' and "changed_by" not glob '*[^a-z0-9 ._@:/+=A-Zª-􏿽-]*'))),
	CONSTRAINT "setting_nul" CHECK(instr(coalesce("name", '') || coalesce("value", '') || coalesce("changed_by", ''), char(0)) = 0)
);
--> statement-breakpoint
CREATE TRIGGER `audit_no_update` BEFORE UPDATE ON `audit` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_no_delete` BEFORE DELETE ON `audit` BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_no_replace` BEFORE INSERT ON `audit` WHEN NEW.`seq` IS NOT (SELECT coalesce(max(`seq`), 0) + 1 FROM `audit`) BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
