CREATE TABLE `erased` (
	`handle` text PRIMARY KEY NOT NULL,
	`erased_at_ms` integer NOT NULL,
	CONSTRAINT "erased_handle" CHECK(length("handle") = 32 and "handle" not glob '*[^0-9a-f]*')
);
--> statement-breakpoint
CREATE TABLE `subject` (
	`handle` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kid` text NOT NULL,
	`wrapped` blob NOT NULL,
	`created_at_ms` integer NOT NULL,
	CONSTRAINT "subject_handle" CHECK(length("handle") = 32 and "handle" not glob '*[^0-9a-f]*'),
	CONSTRAINT "subject_kid" CHECK(length("kid") = 16 and "kid" not glob '*[^0-9a-f]*'),
	CONSTRAINT "subject_name" CHECK(length("name") <= 320 and instr("name", char(0)) = 0),
	CONSTRAINT "subject_wrapped" CHECK(length("wrapped") = 60)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `subject_name_unique` ON `subject` (`name`);