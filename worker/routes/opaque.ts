/** Addresses whose requests and answers pass unread, where a provider offers them. Bodies are not the framework's business. */
import { Elysia } from "elysia";
import type { Deps } from "../deps.ts";
import { OPERATIONS, type Operation } from "../opaque/operations.ts";
import { passUnread } from "../opaque/run.ts";

export function opaqueRoutes(deps: Deps) {
  const app = new Elysia({ handler: { standardHostname: false } });
  for (const operation of OPERATIONS) {
    const handler = ({ request, params }: Asked) =>
      passUnread(deps, operation, request, params?.["id"] ?? null);
    app.route(operation.method, `/v1${operation.path}`, handler, {
      parse: "none",
      detail: describe(operation),
    });
  }
  return app;
}

interface Asked {
  readonly request: Request;
  /** Undefined where the address has none, whatever the framework's types say. */
  readonly params?: Readonly<Record<string, string>>;
}

const BINARY = { schema: { type: "string", format: "binary" } } as const;
const JSON_OBJECT = { schema: { type: "object", additionalProperties: true } } as const;
const ERROR = { schema: { $ref: "#/components/schemas/OpenAIError" } };

function describe({ body, endpoint, summary }: Operation) {
  const accepted = {
    json: { "application/json": JSON_OBJECT },
    upload: { "multipart/form-data": JSON_OBJECT },
    either: { "application/json": JSON_OBJECT, "multipart/form-data": JSON_OBJECT },
    none: null,
  }[body];
  return {
    tags: ["Unread"],
    summary,
    description: `For providers whose capabilities.endpoints name \`${endpoint}\`. Request and answer pass as they are; nothing is counted, so the row is \`unpriced\`.`,
    ...(accepted === null ? {} : { requestBody: { required: true, content: accepted } }),
    responses: {
      200: {
        description: "The provider's answer",
        content: { "application/json": JSON_OBJECT, "application/octet-stream": BINARY },
      },
      default: {
        description: "An error, of the gateway or of the provider (`x-anyray-error-source`)",
        content: { "application/json": ERROR },
      },
    },
    security: [{ clientKey: [] }, { clientKeyHeader: [] }],
  };
}
