/** The API description is valid OpenAPI, covers every address, and its page works in a browser that can reach nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import process from "node:process";
import SwaggerParser from "@apidevtools/swagger-parser";
import { chromium } from "playwright-core";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";

const CHROMIUM = "/usr/bin/chromium";
const directory = temporaryDirectory();
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({ dataDir: directory.path, providers: { demo: { kind: "demo" } } });
});
afterAll(async () => {
  await gateway.stop();
  directory.remove();
});

async function readDocument() {
  const response = await fetch(`${gateway.url}/docs/json`, {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  });
  return response.json();
}

describe("the API description", () => {
  test("is valid OpenAPI", async () => {
    const document = await readDocument();
    expect(document.openapi).toBe("3.1.0");
    await SwaggerParser.validate(document);
  });

  test("says of no number that it may be a text", async () => {
    const document = await readDocument();
    expect(JSON.stringify(document)).not.toMatch(/"format":"(?:integer|numeric)"/);
    const { schema } =
      document.paths["/admin/spend"].get.responses[200].content["application/json"];
    expect(schema.properties.totals.properties.requests).toMatchObject({
      type: "integer",
      minimum: 0,
    });
  });

  test("covers every address of the contract", async () => {
    const { paths } = await readDocument();
    expect(Object.keys(paths).sort()).toEqual([
      "/",
      "/admin/accounts",
      "/admin/accounts/{name}",
      "/admin/api-keys",
      "/admin/api-keys/{id}",
      "/admin/audit",
      "/admin/audit/checkpoints",
      "/admin/audit/export",
      "/admin/audit/verify",
      "/admin/boundary",
      "/admin/caps",
      "/admin/caps/{id}",
      "/admin/health",
      "/admin/invites",
      "/admin/invites/{id}",
      "/admin/keys",
      "/admin/keys/{id}",
      "/admin/keys/{id}/rotate",
      "/admin/latency",
      "/admin/limits",
      "/admin/limits/{id}",
      "/admin/live",
      "/admin/prices",
      "/admin/prices/effective",
      "/admin/privacy",
      "/admin/providers",
      "/admin/providers/{id}",
      "/admin/providers/{id}/test",
      "/admin/retention",
      "/admin/routes",
      "/admin/session",
      "/admin/session/end-all",
      "/admin/sessions",
      "/admin/spend",
      "/admin/spend/records",
      "/admin/subjects",
      "/admin/subjects/{id}/content-key",
      "/admin/teams",
      "/admin/traces",
      "/admin/traces/{id}",
      "/admin/users",
      "/livez",
      "/metrics",
      "/readyz",
      "/v1/anyray/me",
      "/v1/audio/speech",
      "/v1/audio/transcriptions",
      "/v1/audio/translations",
      "/v1/batches",
      "/v1/batches/{id}",
      "/v1/batches/{id}/cancel",
      "/v1/chat/completions",
      "/v1/completions",
      "/v1/embeddings",
      "/v1/files",
      "/v1/files/{id}",
      "/v1/files/{id}/content",
      "/v1/images/edits",
      "/v1/images/generations",
      "/v1/images/variations",
      "/v1/messages",
      "/v1/messages/count_tokens",
      "/v1/models",
      "/v1/models/{id}",
      "/v1/moderations",
      "/v1/rerank",
      "/v1/responses",
      "/v1/responses/{id}",
      "/v1/responses/{id}/cancel",
      "/v1/responses/{id}/input_items",
    ]);
  });

  test("describes an answer and an error of every operation", async () => {
    const { paths } = await readDocument();
    for (const [path, operations] of Object.entries<Record<string, { responses: object }>>(paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        expect([path, method, Object.keys(responses).length > 0]).toEqual([path, method, true]);
      }
    }
  });

  test("asks a browser for the password", async () => {
    const response = await fetch(`${gateway.url}/docs`);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toStartWith("Basic");
    const made = await fetch(`${gateway.url}/admin/api-keys`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.adminToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: "reader", role: "viewer" }),
    });
    const { secret } = await made.json();
    for (const [password, status] of [
      [gateway.adminToken, 200],
      [secret, 200],
      [`${secret}x`, 401],
    ] as const) {
      const authorization = `Basic ${btoa(`anyone:${password}`)}`;
      const page = await fetch(`${gateway.url}/docs`, { headers: { authorization } });
      expect(page.status).toBe(status);
    }
  });
});

const hasChromium = existsSync(CHROMIUM);
if (!hasChromium) process.stderr.write("SKIPPED: Swagger UI in a browser (no /usr/bin/chromium)\n");

describe("Swagger UI", () => {
  test.skipIf(!hasChromium && process.env["CI"] !== "true")(
    "shows the operations, from our origin alone",
    async () => {
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
      });
      try {
        const context = await browser.newContext({
          httpCredentials: { username: "admin", password: gateway.adminToken },
        });
        const page = await context.newPage();
        const foreign: string[] = [];
        const failures: string[] = [];
        page.on("request", (request) => {
          if (!request.url().startsWith(gateway.url) && !request.url().startsWith("data:")) {
            foreign.push(request.url());
          }
        });
        page.on("pageerror", (error) => failures.push(error.message));
        page.on("console", (message) => {
          if (message.type() === "error") failures.push(message.text());
        });
        await page.goto(`${gateway.url}/docs`);
        await page
          .getByText("/v1/chat/completions", { exact: true })
          .first()
          .waitFor({ timeout: 20_000 });
        await page.getByText("/admin/spend/records").first().waitFor();
        expect(foreign).toEqual([]);
        expect(failures.filter((text) => !text.includes("favicon"))).toEqual([]);
        const shot = process.env["ANYRAY_SCREENSHOTS"];
        if (shot !== undefined) await page.screenshot({ path: `${shot}/docs.png` });
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});
