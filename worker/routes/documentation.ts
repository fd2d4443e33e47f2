/** What the API description says beyond the routes themselves. */
import type { ElysiaSwaggerConfig } from "@elysiajs/swagger";

export const documentation: NonNullable<ElysiaSwaggerConfig["documentation"]> = {
  info: {
    title: "Anyray",
    version: "0.1.0",
    description:
      "Self-hosted LLM gateway. `/v1` speaks the providers' own dialects; `/admin` shows who spends what. Nothing leaves the machine but the model calls that the operator configured.",
  },
  tags: [
    { name: "OpenAI dialect" },
    { name: "Anthropic dialect" },
    { name: "Models" },
    { name: "Spend" },
    { name: "Health" },
  ],
  components: {
    securitySchemes: {
      clientKey: { type: "http", scheme: "bearer", description: "A client key, `ark_…`" },
      clientKeyHeader: { type: "apiKey", in: "header", name: "x-api-key" },
      adminToken: { type: "http", scheme: "bearer", description: "ANYRAY_ADMIN_TOKEN" },
    },
  },
};
