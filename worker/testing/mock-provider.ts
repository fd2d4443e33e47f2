/**
 * A well-behaved provider on loopback, for clients of both dialects. What it does follows from the model's name; it
 * writes down what it saw. Misbehaviour (cuts, garbage, odd frames) does not belong here.
 *
 *   plain  answers at once          slow  streams a word every 20 ms until the client leaves
 *   tools  calls `get_weather`      busy  429 with `retry-after: 1` every other time
 *   timed  spreads its answer over `x-test-ms`, and ends a stream `x-test-linger-ms` after its terminal unit
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerOf, eventsOf, type MockEndpoint } from "./mock-answers.ts";

export const MOCK_MODELS = ["plain", "slow", "tools", "busy", "timed"] as const;
const SLOW_MS = 20;

export interface SeenRequest {
  readonly path: string;
  /** Of the header `x-test-id`; empty: none. */
  readonly testId: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty until it is read. */
  body: Readonly<Record<string, unknown>>;
  /** The caller left before the answer was whole. */
  hasHungUp: boolean;
}

export interface MockProvider {
  /** Without `/v1`. */
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Requests that are not answered yet. */
  readonly openCount: number;
  /** The value of `ANYRAY_PROVIDERS` that makes this `mock` (OpenAI's dialect) and `claude` (Anthropic's). */
  readonly providers: object;
  close(): Promise<void>;
}

const ENDPOINTS: Readonly<Record<string, MockEndpoint>> = {
  "/v1/chat/completions": "chat",
  "/v1/completions": "completions",
  "/v1/responses": "responses",
  "/v1/embeddings": "embeddings",
  "/v1/messages": "messages",
  "/v1/messages/count_tokens": "count_tokens",
};

export async function startMockProvider(): Promise<MockProvider> {
  const seen: SeenRequest[] = [];
  let openCount = 0;
  let busyCount = 0;
  const server = createServer((request, response) => {
    openCount += 1;
    const path = (request.url ?? "").split("?")[0] ?? "";
    const entry: SeenRequest = {
      path,
      testId: String(request.headers["x-test-id"] ?? ""),
      headers: request.headers,
      body: {},
      hasHungUp: false,
    };
    seen.push(entry);
    response.once("close", () => {
      openCount -= 1;
      entry.hasHungUp = !response.writableFinished;
    });
    const respond = async (): Promise<void> => {
      entry.body = await readJson(request);
      const endpoint = ENDPOINTS[path];
      if (endpoint === undefined) return json(response, 404, errorBody("No such path"));
      if (entry.body["model"] === "busy" && busyCount++ % 2 === 0) {
        response.setHeader("retry-after", "1");
        return json(response, 429, errorBody("Slow down"));
      }
      return answer(endpoint, entry, response);
    };
    // Rejects where the caller is gone in the middle of its request: nobody to answer.
    respond().catch(() => response.destroy());
  });
  // Its client keeps connections; a test that pauses must not find one closed under it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on TCP, so the address is no path.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    seen,
    get openCount() {
      return openCount;
    },
    providers: {
      mock: {
        kind: "openai-compatible",
        base_url: `${url}/v1`,
        api_key: "provider-secret",
        models: MOCK_MODELS,
      },
      claude: { kind: "anthropic", base_url: url, api_key: "provider-secret", models: MOCK_MODELS },
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  endpoint: MockEndpoint,
  entry: SeenRequest,
  response: ServerResponse,
): Promise<void> {
  const ms = Number(entry.headers["x-test-ms"] ?? 0);
  if (entry.body["stream"] !== true) {
    await sleep(ms);
    return json(response, 200, answerOf(endpoint, entry.body));
  }
  const isSlow = entry.body["model"] === "slow";
  const events = eventsOf(endpoint, entry.body);
  const pause = isSlow ? SLOW_MS : ms / events.length;
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "x-request-id": "req_mock",
  });
  for (const event of events) {
    if (response.destroyed) return;
    response.write(event);
    if (pause > 0) await sleep(pause);
  }
  const lingerMs = Number(entry.headers["x-test-linger-ms"] ?? 0);
  if (lingerMs > 0) await sleep(lingerMs);
  response.end();
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_mock" });
  response.end(JSON.stringify(body));
}

/** Both dialects' shape at once. */
function errorBody(message: string): object {
  return { type: "error", error: { type: "rate_limit_error", code: null, param: null, message } };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : JSON.parse(text);
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
