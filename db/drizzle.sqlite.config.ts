/** For `bunx drizzle-kit generate --config db/drizzle.sqlite.config.ts` after a change of the schema. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/sqlite.ts",
  out: "./db/migrations/sqlite",
});
