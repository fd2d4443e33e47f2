/** For `bunx drizzle-kit generate --config db/drizzle.outbox.config.ts` after a change of `schema/outbox.ts`. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/outbox.ts",
  out: "./db/migrations/outbox",
});
