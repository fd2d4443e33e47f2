/** For `bunx drizzle-kit generate --config db/drizzle.subjects.config.ts` after a change of `schema/subjects.ts`. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/subjects.ts",
  out: "./db/migrations/subjects",
});
