/** The admin API of a whole gateway, as tests ask it. */
import type { TestGateway } from "../gateway.ts";

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  // JSON of whatever shape the test expects.
  readonly body: Awaited<ReturnType<Response["json"]>>;
}

/** @param token default: the admin token; null: none */
export function adminOf(gateway: TestGateway) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    token: string | null = gateway.adminToken,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<AdminAnswer> => {
    const response = await gateway.fetch(path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const type = response.headers.get("content-type") ?? "";
    const isEndless = type.startsWith("text/event-stream");
    if (isEndless) await response.body?.cancel();
    const text = isEndless ? "" : await response.text();
    const isJson = type.includes("application/json");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  };
}
