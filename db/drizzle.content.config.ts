/** For `bunx drizzle-kit generate --config db/drizzle.content.config.ts` after a change of `schema/content.ts`. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/content.ts",
  out: "./db/migrations/content",
});
