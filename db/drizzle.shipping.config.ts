/** For `bunx drizzle-kit generate --config db/drizzle.shipping.config.ts` after a change of `schema/shipping.ts`. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./db/schema/shipping.ts",
  out: "./db/migrations/shipping",
});
