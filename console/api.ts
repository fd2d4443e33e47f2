/**
 * The one way from the console to anything else: the typed admin API. Only its type is known here, nothing of the gateway runs in this
 * process. Path parameters are not encoded by the client: whoever passes one encodes it.
 */
import { treaty } from "@elysiajs/eden";
import type { Api } from "../worker/app.ts";

const TIMEOUT_MS = 20_000;

export type Fetcher = (url: string, init: RequestInit) => Promise<Response>;

export interface ApiOptions {
  readonly gatewayUrl: string;
  /** The sign-in's, or the admin token for as long as a sign-in takes; null: none. */
  readonly token: string | null;
  readonly fetcher: Fetcher;
}

export function createApi({ gatewayUrl, token, fetcher }: ApiOptions) {
  const ask = (url: string, init: RequestInit = {}) => fetcher(url, init);
  return treaty<Api>(gatewayUrl, {
    parseDate: false,
    // The client calls it with these two and nothing else of the global's.
    fetcher: ask as typeof fetch,
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
  }).admin;
}
export type AdminApi = ReturnType<typeof createApi>;

/** The network. An answer that does not come is an error, like a gateway that is away. */
export const fetchGateway: Fetcher = (url, init) =>
  fetch(url, {
    ...init,
    redirect: "error",
    signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS),
  });

/** The gateway's refusal, or that it did not answer. Its message is the gateway's own words, and safe to show. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;

  constructor(status: number, code: string, message: string, requestId: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }

  get isAway(): boolean {
    return this.code === "gateway_away";
  }
}

/**
 * A refusal that a form's reader can mend, to be shown beside the form.
 * @param labels of fields by the API's names for them, which its words use: the reader sees the labels alone
 * @throws whatever else it is
 */
export function mendable(
  error: unknown,
  labels: Readonly<Record<string, string>> = {},
): ApiRefusal {
  if (!(error instanceof ApiRefusal) || ![400, 409].includes(error.status)) throw error;
  const { status, code, message, requestId } = error;
  const words = message.replaceAll(/\w+/g, (name) =>
    Object.hasOwn(labels, name) ? `“${labels[name]}”` : name,
  );
  return new ApiRefusal(status, code, words, requestId);
}

/** For the form of a version that is no more; the page that says it has the present one, so that sending it once more counts. */
export const CHANGED_MEANWHILE =
  "Someone else changed it meanwhile. Nothing was saved: look at what it is now, and save again if you still want to.";

interface Answer<T> {
  readonly data: T | null;
  readonly error: { readonly value: unknown } | null;
  readonly status: number;
}

/** What was asked for. @throws (rejects with) ApiRefusal */
export async function ask<T>(call: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, status } = await call.catch(() => {
    throw away();
  });
  if (error === null && data !== null && data !== undefined) return data;
  throw parseRefusal(status, error?.value);
}

function away(): ApiRefusal {
  return new ApiRefusal(503, "gateway_away", "The gateway does not answer.", null);
}

/** @param value what came instead of an answer; of any shape */
export function parseRefusal(status: number, value: unknown): ApiRefusal {
  const error = memberOf(value, "error");
  const [code, message, id] = ["code", "message", "request_id"].map((name) =>
    memberOf(error, name),
  );
  if (typeof code !== "string" || typeof message !== "string") return away();
  return new ApiRefusal(status, code, message, typeof id === "string" ? id : null);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
