/**
 * For `bunx drizzle-kit generate --config db/drizzle.sqlite.config.ts` after a change of the schema. Drizzle knows no
 * WITHOUT ROWID: where it makes the table `ledger` anew, that is added to the SQL by hand (a test asks for it).
 */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/sqlite.ts",
  out: "./db/migrations/sqlite",
});
