/** Asks the gateway behind a console under test as its administrator: to fill pages, and to see what they did. */
import type { TestConsole } from "./console.ts";

export async function adminAsk(
  { gateway }: TestConsole,
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object,
) {
  const response = await gateway.fetch(`/admin${path}`, {
    method,
    headers: {
      authorization: `Bearer ${gateway.adminToken}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** The newest entries of an action. */
export async function auditOf(at: TestConsole, action: string) {
  return (await adminAsk(at, "GET", `/audit?action=${action}`)).entries;
}

/** What a page says after a change: in the cookie, for the next page to show. */
export function saidIn(headers: Headers): string {
  return decodeURIComponent(headers.get("set-cookie") ?? "");
}
