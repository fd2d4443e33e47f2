/** Errors outside the pipeline, in the dialect that the address speaks; and which methods an address has. */
import { StoreUnavailable } from "../../db/store.ts";
import type { Deps } from "../deps.ts";
import { errorWires } from "../dialects/errors.ts";
import type { ErrorWire } from "../dialects/wire.ts";
import { GatewayError } from "../errors.ts";
import { errorAnswer } from "../pipeline/respond.ts";
import { errorName } from "../telemetry/log.ts";

const BASE_URLS =
  "Look at the base URL: OpenAI's SDKs take the gateway's address with /v1, Anthropic's without.";

/** One JSON shape for all that is not an LLM dialect. */
const adminErrors: Pick<ErrorWire, "body"> = {
  body: (error, requestId) =>
    JSON.stringify({
      error: {
        code: error.code,
        message: error.message,
        status: error.status,
        request_id: requestId,
      },
    }),
};

/** Of the address that was asked for; it may have no host. */
export function errorsFor(request: Request): Pick<ErrorWire, "body"> {
  const pathname = URL.parse(request.url, "http://gateway")?.pathname ?? "/";
  // Without its `/v1` it is nothing of ours, but the client of Vercel's AI SDK shows an error in its own dialect alone.
  if (pathname === "/messages") return errorWires.anthropic;
  if (!pathname.startsWith("/v1/") && pathname !== "/v1") return adminErrors;
  const isAnthropic =
    pathname.startsWith("/v1/messages") || request.headers.has("anthropic-version");
  return isAnthropic ? errorWires.anthropic : errorWires.openai;
}

/** @param thrown what a handler threw, or the framework's own error */
export function answerError(
  deps: Deps,
  request: Request,
  code: string | number,
  thrown: unknown,
  allowed: (path: string) => readonly string[],
): Response {
  const traceId = deps.ids.traceId();
  const error = toError(deps, request, code, thrown, traceId, allowed);
  deps.counters.add("anyray_refused_total", `code="${error.code}"`);
  return errorAnswer(error, errorsFor(request), traceId);
}

function toError(
  deps: Deps,
  request: Request,
  code: string | number,
  thrown: unknown,
  traceId: string,
  allowed: (path: string) => readonly string[],
): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof StoreUnavailable) return new GatewayError("store_unavailable");
  if (code === "NOT_FOUND") {
    const { pathname } = new URL(request.url);
    const methods = allowed(pathname);
    if (methods.length > 0) {
      return new GatewayError("method_not_allowed", { headers: { allow: methods.join(", ") } });
    }
    return new GatewayError("not_found", isBesideV1(pathname, allowed) ? { hint: BASE_URLS } : {});
  }
  if (code === "VALIDATION") {
    const field = faultyField(thrown);
    return new GatewayError("invalid_request", field === null ? {} : { field });
  }
  if (code === "PARSE") return new GatewayError("invalid_json");
  if (code === "INVALID_COOKIE_SIGNATURE" || code === "INVALID_FILE_TYPE") {
    return new GatewayError("invalid_request");
  }
  deps.log.write("error", "request failed inside the gateway", {
    trace_id: traceId,
    error: errorName(thrown),
  });
  return new GatewayError("internal");
}

/** Whether a tool's base URL lacks its `/v1`, or has it twice. */
function isBesideV1(path: string, allowed: (path: string) => readonly string[]): boolean {
  return allowed(path.startsWith("/v1/v1/") ? path.slice("/v1".length) : `/v1${path}`).length > 0;
}

/** The name of the parameter that failed; the framework's own text holds its value. */
function faultyField(thrown: unknown): string | null {
  if (typeof thrown !== "object" || thrown === null) return null;
  // The framework's validation error keeps its first fault behind an untyped getter.
  const { valueError } = thrown as { valueError?: { path?: unknown } };
  const path = valueError?.path;
  return typeof path === "string" && /^(?:\/[A-Za-z0-9_]{1,64}){1,4}$/.test(path)
    ? path.slice(1).replaceAll("/", ".")
    : null;
}

/** Which methods each registered address answers to. */
export function methodTable(
  routes: readonly { readonly method: string; readonly path: string }[],
): (path: string) => readonly string[] {
  const patterns = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  for (const { method, path } of routes) {
    const entry = patterns.get(path) ?? { pattern: pathPattern(path), methods: new Set<string>() };
    entry.methods.add(method);
    patterns.set(path, entry);
  }
  return (path) => {
    const methods = new Set<string>();
    for (const entry of patterns.values()) {
      if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
    }
    return [...methods].sort();
  };
}

function pathPattern(path: string): RegExp {
  const source = path
    .split("/")
    .map((part) =>
      part === "*"
        ? ".+"
        : part.startsWith(":")
          ? "[^/]+"
          : part.replace(/[.+?^$()[\]{}|\\]/g, "\\$&"),
    )
    .join("/");
  return new RegExp(`^${source}$`);
}
