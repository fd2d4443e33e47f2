/** Canaries through the addresses whose requests and answers pass unread: JSON, uploads, ids, headers. */
import { OPERATIONS } from "../../opaque/operations.ts";
import type { Canaries } from "./forms.ts";

export interface UnreadRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const BOUNDARY = "canary-boundary";

/** @param behaviours how the provider ends a request, in the header of this name */
export function unreadRequests(
  canaries: Canaries,
  header: string,
  behaviours: readonly string[],
): UnreadRequest[] {
  return OPERATIONS.flatMap((operation) => {
    const { method, body } = operation;
    const at = (what: string) => canaries.at(`${method} ${operation.path}: ${what}`);
    const address = (what: string) =>
      `/v1${operation.path.replace(":id", encodeURIComponent(at(what)))}`;
    const ask = (what: string, more: Readonly<Record<string, string>> = {}): UnreadRequest => {
      const base = { path: address(`${what}: an id`), method };
      if (body === "none") return { ...base, headers: more };
      const headers = { ...more, "content-type": typeOf(body) };
      return { ...base, headers, body: textOf(body, (part) => at(`${what}: ${part}`)) };
    };
    return [
      ...behaviours.map((behaviour) => ask(behaviour, { [header]: behaviour })),
      ask("a provider that is none", {
        "x-anyray-provider": encodeURIComponent(at("a provider's name")),
      }),
      {
        ...ask("a query"),
        path: `${address("a query's id")}?q=${encodeURIComponent(at("a query"))}`,
      },
      { ...ask("no JSON"), ...(body === "json" ? { body: `{"input":"${at("no JSON")}` } : {}) },
    ];
  });
}

function typeOf(body: "json" | "upload" | "either"): string {
  return body === "upload" ? `multipart/form-data; boundary=${BOUNDARY}` : "application/json";
}

function textOf(body: "json" | "upload" | "either", at: (part: string) => string): string {
  if (body !== "upload") return JSON.stringify({ prompt: at("prompt"), input: [at("input")] });
  const name = encodeURIComponent(at("a file's name"));
  return [
    `--${BOUNDARY}`,
    `content-disposition: form-data; name="file"; filename="${name}"`,
    "",
    at("a file"),
    `--${BOUNDARY}`,
    'content-disposition: form-data; name="prompt"',
    "",
    at("a field"),
    `--${BOUNDARY}--`,
    "",
  ].join("\r\n");
}
