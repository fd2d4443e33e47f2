/** For `bunx drizzle-kit generate --config db/drizzle.rollup.config.ts` after a change of `schema/rollup.ts`. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/rollup.ts",
  out: "./db/migrations/rollup",
});
