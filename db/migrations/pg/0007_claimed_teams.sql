CREATE TABLE "claimed_team" (
	"key_id" text NOT NULL,
	"team" text NOT NULL,
	"day" text NOT NULL,
	CONSTRAINT "claimed_team_key_id_team_pk" PRIMARY KEY("key_id","team"),
	CONSTRAINT "claimed_team_day" CHECK (length("day") = 10 and "day" !~ '[^0-9-]'),
	CONSTRAINT "claimed_team_names" CHECK (("key_id" is null or (length("key_id") <= 128 and "key_id" not like '% % % % %' and "key_id" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')) and ("team" is null or (length("team") <= 128 and "team" not like '% % % % %' and "team" !~ '[^a-z0-9 ._@:/+=A-Zª-􏿽-]')))
);
