/** A console before a whole gateway, in one process: what its pages answer, for tests. Nothing of a browser is here. */
import { startGateway, type TestGateway } from "../../worker/testing/gateway.ts";
import type { Fetcher } from "../api.ts";
import { createConsole } from "../app.ts";
import { SESSION_COOKIE } from "../session.ts";
import { makeHostile, PUBLIC_GATEWAY } from "./hostile.ts";

export const ORIGIN = "http://localhost:3000";
/** What htmx sends when a link is followed. */
export const FRAGMENT = {
  "hx-request": "true",
  "hx-request-type": "partial",
  "hx-boosted": "true",
} as const;
/** What it sends for a part of a page. */
export const PART = { "hx-request": "true", "hx-request-type": "partial" } as const;
export const ROLES = ["owner", "admin", "auditor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

const PASSWORD = "correct-horse-battery-staple";

type HeaderFields = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

export interface TestConsole {
  readonly gateway: TestGateway;
  /** All that the console sent to the gateway so far: method and path. */
  readonly asked: readonly string[];
  /** All that the gateway answered it so far. */
  readonly heard: readonly string[];
  /** A sign-in's token: with the admin token for an owner, else by an account of that role. */
  signIn(role?: Role): Promise<string>;
  /** @param token null: signed out */
  get(path: string, token: string | null, headers?: HeaderFields): Promise<Answer>;
  /** An answer that may have no end. */
  open(path: string, token: string | null, headers?: HeaderFields): Promise<Response>;
  /** As one of our own pages sends it. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    token: string | null,
    headers?: HeaderFields,
  ): Promise<Answer>;
  /** From now on every name and text that the gateway answers is hostile. */
  turnHostile(): void;
  /** From now on the gateway does not answer. */
  takeGatewayAway(): void;
  stop(): Promise<void>;
}

interface TestConsoleOptions {
  /** Settings of the gateway. */
  readonly env?: Record<string, string>;
  readonly publicUrl?: URL | null;
  /** From which the gateway sees the console ask; default: it does not look. */
  readonly address?: string;
}

export async function startConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const { env = {}, publicUrl = null, address } = options;
  const gateway = await startGateway(env);
  const asked: string[] = [];
  const heard: string[] = [];
  let state: "fine" | "hostile" | "away" = "fine";
  const peer = address === undefined ? [] : ([() => address] as const);
  const fetcher: Fetcher = async (url, init) => {
    const request = new Request(url, init);
    asked.push(`${request.method} ${url.replace("http://localhost", "")}`);
    if (state === "away") throw new Error("connection refused");
    const response = await gateway.gateway.app.fetch(request, ...peer);
    // A stream of events has no end to wait for.
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (!isStream) heard.push(await response.clone().text());
    return state === "hostile" ? makeHostile(response) : response;
  };
  const app = createConsole({
    gatewayUrl: "http://localhost",
    publicGatewayUrl: PUBLIC_GATEWAY,
    publicUrl,
    fetcher,
    now: Date.now,
  });
  const origin = publicUrl?.origin ?? ORIGIN;
  const open = (path: string, token: string | null, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has("host")) headers.set("host", new URL(origin).host);
    if (token !== null) headers.append("cookie", `${SESSION_COOKIE}=${token}`);
    return app.fetch(new Request(`${origin}${path}`, { ...init, headers }));
  };
  const send = async (path: string, token: string | null, init: RequestInit): Promise<Answer> => {
    const response = await open(path, token, init);
    return { status: response.status, headers: response.headers, html: await response.text() };
  };
  const admin = async (path: string, body: object, token: string | null) => {
    const response = await gateway.fetch(path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  return {
    gateway,
    asked,
    heard,
    async signIn(role = "owner") {
      if (role === "owner") return (await admin("/admin/session", {}, gateway.adminToken)).token;
      const account = { name: `${role}@example.com`, role, password: PASSWORD };
      await admin("/admin/accounts", account, gateway.adminToken);
      const { name, password } = account;
      return (await admin("/admin/session", { name, password }, null)).token;
    },
    open: (path, token, headers = {}) => open(path, token, { headers: { ...headers } }),
    get: (path, token, headers = {}) => send(path, token, { headers: { ...headers } }),
    post: (path, fields, token, headers = {}) =>
      send(path, token, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { origin, "sec-fetch-site": "same-origin", ...headers },
      }),
    turnHostile: () => {
      state = "hostile";
    },
    takeGatewayAway: () => {
      state = "away";
    },
    stop: () => gateway.stop(),
  };
}
