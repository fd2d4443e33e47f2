/** Which headers cross the gateway, up and down. What is not about the message itself, or is a secret of ours, stays. */
import type { HeaderList } from "../egress.ts";
import { holdsOurKey, type Caller } from "./authenticate.ts";

const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "http2-settings",
];

const NOT_UP = new Set([
  ...HOP_BY_HOP,
  "host",
  "authorization",
  "x-api-key",
  "api-key",
  "cookie",
  "forwarded",
  "x-real-ip",
  "via",
  "baggage",
  "tracestate",
  "traceparent",
  "accept-encoding",
  "content-length",
  // By which some servers take another method or address than was sent, and judged.
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
]);
const NOT_UP_MANAGED = new Set(["openai-organization", "openai-project"]);

const NOT_DOWN = new Set([
  ...HOP_BY_HOP,
  "server",
  "content-length",
  "x-request-id",
  // What a browser would remember of, or do with, the gateway's own origin.
  "set-cookie",
  "set-cookie2",
  "alt-svc",
  "strict-transport-security",
  "public-key-pins",
  "expect-ct",
  "nel",
  "report-to",
  "reporting-endpoints",
  "clear-site-data",
  "accept-ch",
  "critical-ch",
  "service-worker-allowed",
  // Where a client is sent to, and what it is asked for there: neither is the gateway's word.
  "location",
  "content-location",
  "refresh",
  "www-authenticate",
  "authentication-info",
  // By which a reverse proxy in front would send a file of its own, or another address, instead of the answer.
  "x-accel-redirect",
  "x-sendfile",
  "x-lighttpd-send-file",
  "x-reproxy-url",
]);

/** The caller's headers as the provider may see them. */
export function headersUp(headers: Headers, caller: Caller): HeaderList {
  const list: (readonly [string, string])[] = [];
  const named = connectionNamed(headers.get("connection"));
  headers.forEach((value, name) => {
    if (NOT_UP.has(name) || name.startsWith("x-anyray-") || name.startsWith("x-forwarded-")) return;
    if (caller.credential === "managed" && NOT_UP_MANAGED.has(name)) return;
    if (named?.has(name) || holdsOurKey(value)) return;
    list.push([name, value]);
  });
  list.push(["accept-encoding", "identity"]);
  return list;
}

/** The provider's headers as the client may see them, with our own. */
export function headersDown(upstream: HeaderList, own: HeaderList): [string, string][] {
  const list: [string, string][] = [];
  const named = connectionNamed(headerValue(upstream, "connection"));
  for (const [name, value] of upstream) {
    if (name === "x-request-id" || name === "request-id") {
      list.push(["x-anyray-upstream-request-id", value]);
    }
    if (NOT_DOWN.has(name) || name.startsWith("access-control-") || named?.has(name)) continue;
    if (name.startsWith("x-anyray-")) continue;
    // Where a limit of ours holds, it is what the caller has to heed.
    if (name.includes("ratelimit") && own.some(([ours]) => ours === name)) continue;
    list.push([name, value]);
  }
  for (const [name, value] of own) list.push([name, value]);
  return list;
}

/** Headers that a `connection` header declares hop-by-hop. */
function connectionNamed(connection: string | null): ReadonlySet<string> | null {
  if (connection === null || connection === "keep-alive" || connection === "close") return null;
  return new Set(
    connection
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
}

export function headerValue(headers: HeaderList, name: string): string | null {
  for (const [candidate, value] of headers) if (candidate === name) return value;
  return null;
}
