/**
 * Canaries through every address of the data plane and every way that a request can end, at a gateway that runs as a process of
 * its own. What the places are called says where a finding came from.
 */
import { Buffer } from "node:buffer";
import { request as httpRequest } from "node:http";
import type { GatewayProcess } from "../gateway-process.ts";
import { SSE, type Handler, type Reply } from "../upstream.ts";
import type { Canaries } from "./forms.ts";
import { unreadRequests } from "./unread.ts";

const ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/responses",
  "/v1/messages",
  "/v1/messages/count_tokens",
] as const;
type Path = (typeof ENDPOINTS)[number];

/** How the provider ends a request; it learns that from a header. */
const BEHAVIOURS = [
  "answers",
  "refuses",
  "fails",
  "refuses the key",
  "cuts",
  "resets",
  "writes no JSON",
  "fails in the stream",
  "falls silent",
  "says nothing",
] as const;

/** Those by which a body that is not read can come to another end. */
const UNREAD_BEHAVIOURS = ["answers", "refuses the key", "cuts", "says nothing"] as const;

const BEHAVIOUR_HEADER = "x-test-behaviour";

/** Settings that make a gateway time out soon and refuse large bodies. */
export const SCENARIO_SETTINGS = {
  ANYRAY_TIMEOUT_FIRST_BYTE_MS: "400",
  ANYRAY_TIMEOUT_IDLE_MS: "400",
  ANYRAY_TIMEOUT_CONNECT_MS: "400",
  ANYRAY_MAX_BODY_BYTES: "300000",
  ANYRAY_KEEPALIVE_MS: "100",
  ANYRAY_LOG_LEVEL: "debug",
  ANYRAY_METADATA_KEYS: "project",
} as const;

/** The provider: canaries in all that it says. */
export function leakingProvider(canaries: Canaries): Handler {
  return async (request, reply) => {
    // A behaviour that is not on the list answers well.
    const behaviour = request.headers.get(BEHAVIOUR_HEADER) ?? "answers";
    const path = request.path.split("?")[0] ?? "";
    const at = (what: string) => canaries.at(`${path}: ${behaviour}: the provider's ${what}`);
    const asked = new TextDecoder().decode(request.body);
    const isStream = asked.includes('"stream":true');
    const headers = { "x-odd": Buffer.from(at("header")).toString("base64url") };
    if (behaviour === "says nothing") return;
    if (behaviour === "resets") return reply.reset();
    if (behaviour === "refuses")
      return reply.json(422, { error: { message: at("refusal"), code: at("code") } }, headers);
    if (behaviour === "fails")
      return reply.send(500, { "content-type": "text/html" }, `<h1>${at("failure")}`);
    if (behaviour === "refuses the key")
      return reply.json(401, { error: { message: at("quote of the key") } });
    if (behaviour === "writes no JSON")
      return reply.send(
        200,
        { "content-type": "application/json" },
        `{"x": "${at("malformed answer")}`,
      );
    if (isStream) return stream(path, behaviour, at, reply);
    reply.json(200, answer(path, at), headers);
  };
}

function answer(path: string, at: (what: string) => string): object {
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12, note: at("usage") };
  const common = { id: `id-${at("id")}`, model: at("model name"), service_tier: at("tier") };
  if (path.endsWith("/count_tokens")) return { input_tokens: 5, note: at("note") };
  if (path.endsWith("/messages")) {
    return {
      ...common,
      type: "message",
      role: "assistant",
      content: [
        { type: "text", text: at("text") },
        { type: "tool_use", id: at("tool id"), name: at("tool"), input: { x: at("arguments") } },
      ],
      stop_reason: at("stop reason"),
      usage: { input_tokens: 5, output_tokens: 7 },
    };
  }
  if (path.endsWith("/responses")) {
    const output = [{ type: "message", content: [{ type: "output_text", text: at("text") }] }];
    return {
      ...common,
      object: "response",
      status: "completed",
      output,
      usage: { input_tokens: 5, output_tokens: 7 },
    };
  }
  if (path.endsWith("/embeddings"))
    return { ...common, data: [{ embedding: [0.1], note: at("note") }], usage };
  const message = {
    role: "assistant",
    content: at("text"),
    tool_calls: [
      { id: "t", type: "function", function: { name: at("tool"), arguments: at("arguments") } },
    ],
  };
  return {
    ...common,
    choices: [{ index: 0, message, text: at("text"), finish_reason: at("finish reason") }],
    usage,
  };
}

async function stream(
  path: string,
  behaviour: string,
  at: (what: string) => string,
  reply: Reply,
): Promise<void> {
  const event = (value: object, name?: string) =>
    `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`;
  reply.head(200, SSE);
  reply.chunk(`: ${at("comment")}\n\n`);
  const isMessages = path.endsWith("/messages");
  const isResponses = path.endsWith("/responses");
  if (isMessages) {
    reply.chunk(
      event(
        {
          type: "message_start",
          message: {
            id: at("id"),
            model: at("model name"),
            usage: { input_tokens: 5, output_tokens: 1 },
          },
        },
        "message_start",
      ),
    );
    reply.chunk(
      event(
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: at("delta") } },
        "content_block_delta",
      ),
    );
    reply.chunk(event({ type: at("unknown event"), x: at("unknown event's member") }, "unknown"));
  } else if (isResponses) {
    reply.chunk(
      event(
        { type: "response.output_text.delta", delta: at("delta") },
        "response.output_text.delta",
      ),
    );
  } else {
    for (const what of ["first delta", "second delta"]) {
      const delta = {
        content: at(what),
        tool_calls: [{ index: 0, function: { arguments: at(`${what}'s arguments`) } }],
      };
      reply.chunk(
        event({
          id: at("id"),
          model: at("model name"),
          choices: [{ index: 0, delta, text: at(what), finish_reason: null }],
        }),
      );
    }
  }
  if (behaviour === "falls silent") return;
  if (behaviour === "cuts") return reply.close();
  if (behaviour === "fails in the stream") {
    reply.chunk(
      event(
        { type: "error", error: { type: "overloaded", message: at("error event") } },
        isMessages ? "error" : undefined,
      ),
    );
    return reply.end();
  }
  if (isMessages) {
    reply.chunk(
      event(
        {
          type: "message_delta",
          delta: { stop_reason: at("stop reason") },
          usage: { output_tokens: 7 },
        },
        "message_delta",
      ),
    );
    reply.chunk(event({ type: "message_stop" }, "message_stop"));
  } else if (isResponses) {
    reply.chunk(
      event({ type: "response.completed", response: answer(path, at) }, "response.completed"),
    );
  } else {
    reply.chunk(
      event({ choices: [{ index: 0, delta: {}, text: "", finish_reason: at("finish reason") }] }),
    );
    reply.chunk("data: [DONE]\n\n");
  }
  reply.end();
}

function requestBody(path: Path, isStream: boolean, behaviour: string, canaries: Canaries): object {
  const at = (what: string) =>
    canaries.at(`${path}${isStream ? " as a stream" : ""}: ${behaviour}: the client's ${what}`);
  const image = Buffer.from(`PNG${at("image")}`).toString("base64");
  const common = {
    model: path.startsWith("/v1/messages") ? "c" : "m",
    ...(isStream ? { stream: true } : {}),
    stop: [at("stop sequence")],
    user: at("user"),
    metadata: { user_id: at("metadata"), [at("metadata's name")]: 1 },
    prompt_cache_key: at("cache key"),
    safety_identifier: at("safety identifier"),
    [at("unknown member's name")]: at("unknown member"),
    tools: [
      {
        type: "function",
        function: {
          name: at("tool"),
          description: at("tool's description"),
          parameters: { x: at("tool's schema") },
        },
      },
    ],
  };
  if (path === "/v1/completions") return { ...common, prompt: at("prompt") };
  if (path === "/v1/embeddings") return { ...common, input: [at("input")] };
  if (path === "/v1/responses")
    return {
      ...common,
      instructions: at("system prompt"),
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: at("text") },
            { type: "input_file", filename: at("file name"), file_data: image },
          ],
        },
      ],
    };
  return {
    ...common,
    max_tokens: 9,
    system: at("system prompt"),
    messages: [
      { role: "system", content: at("system message") },
      {
        role: "user",
        content: [
          { type: "text", text: at("text") },
          { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
          { type: "file", file: { filename: at("file name") } },
        ],
      },
      {
        role: "assistant",
        tool_calls: [
          { id: "t", type: "function", function: { name: "f", arguments: at("tool arguments") } },
        ],
      },
      { role: "tool", tool_call_id: "t", content: at("tool result") },
    ],
  };
}

interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The client leaves after so many bytes of the answer. */
  readonly leavesAfter?: number;
}

/** Never rejects: broken answers are what this is about. */
function send(gateway: GatewayProcess, sent: Sent): Promise<void> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${gateway.clientKey}`,
      "content-type": "application/json",
      ...sent.headers,
    };
    const request = httpRequest(gateway.url + sent.path, {
      method: sent.method ?? "POST",
      headers,
    });
    const limit = setTimeout(() => request.destroy(), 8_000);
    const done = (): void => {
      clearTimeout(limit);
      resolve();
    };
    request.on("error", done);
    request.on("close", done);
    request.on("response", (response) => {
      let received = 0;
      response.on("error", done);
      response.on("close", done);
      response.on("data", (chunk: Uint8Array) => {
        received += chunk.length;
        if (sent.leavesAfter !== undefined && received >= sent.leavesAfter) request.destroy();
      });
    });
    request.end(sent.body);
  });
}

/** All requests that end by themselves. */
export async function sendAll(gateway: GatewayProcess, canaries: Canaries): Promise<void> {
  const odd = (what: string) => Buffer.from(canaries.at(what), "utf8").toString("latin1");
  const requests: Sent[] = [];
  for (const path of ENDPOINTS) {
    for (const behaviour of BEHAVIOURS) {
      for (const isStream of path.endsWith("count_tokens") || path.endsWith("embeddings")
        ? [false]
        : [false, true]) {
        requests.push({
          path,
          headers: { [BEHAVIOUR_HEADER]: behaviour },
          body: JSON.stringify(requestBody(path, isStream, behaviour, canaries)),
        });
      }
    }
    requests.push(
      {
        path,
        headers: { [BEHAVIOUR_HEADER]: "falls silent" },
        body: JSON.stringify(requestBody(path, true, "the client leaves", canaries)),
        leavesAfter: 20,
      },
      {
        path,
        body: `{"model":"m", "messages": "${canaries.at(`${path}: a body that is no JSON`)}`,
      },
      { path, body: `{"model":"m","${canaries.at(`${path}: a duplicate name`)}":1,"model":"m"}` },
      { path, body: JSON.stringify({ model: canaries.at(`${path}: a model's name`) }) },
      {
        path,
        body: Buffer.concat([
          Buffer.from(canaries.at(`${path}: bad UTF-8`)),
          Buffer.of(0xff, 0xc0),
        ]),
      },
      { path, body: canaries.at(`${path}: too large`).padEnd(400_000, "x") },
      {
        path,
        headers: { authorization: "Bearer ark_wrong" },
        body: canaries.at(`${path}: a stranger's body`),
      },
      {
        path,
        headers: { authorization: `Bearer ${odd(`${path}: a strange credential`)}` },
        body: "{}",
      },
      {
        path,
        headers: { "x-anyray-metadata": odd(`${path}: metadata that is no JSON`) },
        body: "{}",
      },
      {
        path,
        headers: { "x-anyray-metadata": `{"user":"${odd(`${path}: a user that is prose`)}"}` },
        body: "{}",
      },
      {
        path,
        headers: {
          "x-anyray-metadata": `{"project":"${odd(`${path}: a project that is prose`)}"}`,
        },
        body: "{}",
      },
      {
        path,
        headers: {
          "x-anyray-metadata": `{"other":"${odd(`${path}: an unknown metadata member`)}"}`,
          "session-id": odd(`${path}: a session that is prose`),
        },
        body: JSON.stringify(requestBody(path, false, "metadata", canaries)),
      },
      {
        path: `${path}?q=${encodeURIComponent(canaries.at(`${path}: a query`))}`,
        headers: {
          "user-agent": odd(`${path}: a user agent`),
          "x-unknown": odd(`${path}: an unknown header`),
          traceparent: odd(`${path}: a traceparent`),
          baggage: odd(`${path}: baggage`),
        },
        body: JSON.stringify(requestBody(path, false, "odd headers", canaries)),
      },
      { path, method: "PUT", body: canaries.at(`${path}: a wrong method`) },
    );
  }
  requests.push(
    {
      path: `/v1/${encodeURIComponent(canaries.at("an unknown address"))}`,
      body: canaries.at("a body to nowhere"),
    },
    { path: `/v1/responses/${encodeURIComponent(canaries.at("a response id"))}`, method: "GET" },
    {
      path: `/v1/responses/${encodeURIComponent(canaries.at("a response id to delete"))}`,
      method: "DELETE",
    },
    { path: `/v1/models/${encodeURIComponent(canaries.at("a model to read"))}`, method: "GET" },
    {
      path: `/admin/spend?user=${encodeURIComponent(canaries.at("a filter of a stranger"))}`,
      method: "GET",
    },
    {
      path: "/v1/chat/completions",
      body: JSON.stringify({
        ...requestBody("/v1/chat/completions", false, "nobody listens", canaries),
        model: "nowhere/m",
      }),
    },
  );
  requests.push(...unreadRequests(canaries, BEHAVIOUR_HEADER, UNREAD_BEHAVIOURS));
  // Some at once, as clients do; all at once would be a test of something else.
  for (let at = 0; at < requests.length; at += 40) {
    await Promise.all(requests.slice(at, at + 40).map((each) => send(gateway, each)));
  }
}

/** A request that the provider leaves open: for a kill in its midst. Not waited for. */
export function sendOpen(gateway: GatewayProcess, canaries: Canaries): void {
  for (const path of ["/v1/chat/completions", "/v1/messages"] as const) {
    void send(gateway, {
      path,
      headers: { [BEHAVIOUR_HEADER]: "falls silent" },
      body: JSON.stringify(requestBody(path, true, "the gateway is killed", canaries)),
    });
  }
}

const READABLE = [
  "/metrics",
  "/readyz",
  "/livez",
  "/admin/spend?group_by=user,model,provider,endpoint,outcome",
  "/admin/spend/records?limit=1000",
  "/admin/spend/records?limit=1000&format=csv",
  "/admin/subjects?limit=1000",
  "/admin/audit?limit=1000",
  "/admin/privacy",
  "/admin/traces?limit=1000",
  "/admin/sessions",
  "/admin/providers",
  "/admin/routes",
  "/admin/retention",
  "/admin/prices",
  "/admin/health",
  "/admin/boundary",
  "/docs/json",
] as const;

/** What an administrator can read of it all: address → answer. */
export async function readEverything(
  gateway: GatewayProcess,
): Promise<readonly (readonly [string, string])[]> {
  const traceIds = new Set((await gateway.records()).map((record) => record.trace_id));
  const paths = [...READABLE, ...[...traceIds].map((id) => `/admin/traces/${id}`)];
  return Promise.all(
    paths.map(async (path): Promise<readonly [string, string]> => {
      const headers = { authorization: `Bearer ${gateway.adminToken}` };
      const response = await fetch(gateway.url + path, { headers });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      return [path, await response.text()];
    }),
  );
}
