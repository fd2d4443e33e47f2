/** For `bunx drizzle-kit generate --config db/drizzle.pg.config.ts` after a change of the schema. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: ["./db/schema/pg.ts", "./db/schema/pg-shared.ts"],
  out: "./db/migrations/pg",
});
