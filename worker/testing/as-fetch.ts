/** A provider behind the signature of `fetch`, so that tests can put the vendors' own SDKs in front of it. For tests only. */
import { utf8Bytes } from "../bytes.ts";
import type { Endpoint } from "../chat.ts";
import { EgressError, type Answer } from "../egress.ts";
import type { Provider } from "../providers/provider.ts";

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "/chat/completions": "chat",
  "/completions": "completions",
  "/responses": "responses",
  "/embeddings": "embeddings",
  "/messages": "messages",
  "/messages/count_tokens": "count_tokens",
};

/** Everything before `/v1` in the URL is ignored; only text bodies are understood. */
export function asFetch(provider: Provider) {
  return async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const path = url.pathname.replace(/^.*?\/v1/, "");
    const endpoint = ENDPOINTS[path];
    if (endpoint === undefined || typeof init?.body !== "string") throw new TypeError("not served");
    const exchange = provider.send({
      endpoint,
      method: "POST",
      path,
      query: url.search.slice(1),
      headers: [],
      body: [utf8Bytes(init.body)],
      callerCredential: null,
    });
    init.signal?.addEventListener("abort", () => exchange.cancel());
    const answer = await exchange.answer.catch(() => {
      throw new TypeError("fetch failed");
    });
    return new Response(toStream(answer), {
      status: answer.status,
      headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
    });
  };
}

/** What a provider's answer consists of, and how it ended. */
export interface Received {
  readonly chunks: readonly string[];
  readonly text: string;
  /** Null: a clean end. */
  readonly failure: EgressError | null;
}

/** Reads a body to its end, whatever the end. */
export function receive(answer: Answer): Promise<Received> {
  return new Promise((resolve) => {
    const chunks: string[] = [];
    const finish = (failure: EgressError | null) =>
      resolve({ chunks, text: chunks.join(""), failure });
    answer.body.start({
      data: (chunk) => chunks.push(new TextDecoder().decode(chunk)),
      end: () => finish(null),
      fail: finish,
    });
  });
}

function toStream(answer: Answer): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      answer.body.start({
        data: (chunk) => controller.enqueue(chunk),
        end: () => controller.close(),
        fail: () => controller.error(new TypeError("terminated")),
      });
    },
  });
}
