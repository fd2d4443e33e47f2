/**
 * The API description and Swagger UI, from our own origin and with the network off: the plugins' pages load their
 * scripts from a CDN, so only their document is used, from an app that is never served.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import type { Deps } from "../deps.ts";
import { GatewayError } from "../errors.ts";
import { ownHeaders } from "../pipeline/respond.ts";
import { requireReader } from "./admin-token.ts";
import { documentation } from "./documentation.ts";
import { plainNumbers } from "./plain-numbers.ts";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Anyray API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>
</body>
</html>
`;

const INIT = `window.ui = SwaggerUIBundle({
  url: "/docs/json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
`;

/** Swagger UI writes style attributes and draws its icons from data URLs; nothing else is let in. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Where the package's files lie, whichever directory the gateway was started from. */
const assets = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

export function docsRoutes(deps: Deps, api: { readonly routes: unknown }) {
  const document = createDocument(api);
  return (
    new Elysia({ prefix: "/docs", handler: { standardHostname: false } })
      // `async` for all to see: the framework does not wait for a promise that a plain function returns.
      .onTransform(async ({ request }) => {
        await requireReader(deps, request);
      })
      .get("", () => page(deps, "text/html; charset=utf-8", PAGE))
      .get("/", () => page(deps, "text/html; charset=utf-8", PAGE))
      .get("/init.js", () => page(deps, "text/javascript; charset=utf-8", INIT))
      .get("/swagger-ui-bundle.js", () =>
        page(deps, "text/javascript; charset=utf-8", asset("swagger-ui-bundle.js")),
      )
      .get("/swagger-ui.css", () => page(deps, "text/css; charset=utf-8", asset("swagger-ui.css")))
      .get("/json", async () =>
        page(deps, "application/json", JSON.stringify(await document(), null, 1)),
      )
  );
}

/** Made once, at the first look. */
function createDocument(api: { readonly routes: unknown }): () => Promise<unknown> {
  // The plugin reads the routes of the app it is mounted on; the type of that app does not matter to it.
  const hidden = new Elysia()
    .use(api as Elysia)
    .use(swagger({ path: "/docs", documentation, exclude: [/^\/docs/] }));
  let made: Promise<unknown> | null = null;
  return () => {
    made ??= hidden
      .handle(new Request("http://localhost/docs/json"))
      .then((response) => response.json())
      // The routes' schemas are JSON Schema, which OpenAPI takes as it is since 3.1; the plugin says 3.0.
      .then((document: object) => plainNumbers({ ...document, openapi: "3.1.0" }));
    return made;
  };
}

function asset(name: string): string {
  try {
    return readFileSync(join(assets, name), "utf8");
  } catch {
    throw new GatewayError("not_found");
  }
}

function page(deps: Deps, type: string, body: string): Response {
  return new Response(body, {
    headers: [
      ["content-type", type],
      ["content-security-policy", CONTENT_SECURITY_POLICY],
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"],
      ...ownHeaders(deps.ids.traceId()),
    ],
  });
}
