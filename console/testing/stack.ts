/** Gateway and console as the two processes that they are, and a browser before them. For tests of pages as people meet them. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";
import {
  startGateway,
  temporaryDirectory,
  type GatewayProcess,
} from "../../worker/testing/gateway-process.ts";
import { seedAdmin } from "./seed-admin.ts";
import { seedLedger } from "./seed.ts";

export const CHROMIUM = "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const START_LIMIT_MS = 20_000;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** One that needs no connection, and one to which there is none. */
const PROVIDERS = {
  demo: { kind: "demo" },
  nearby: { kind: "openai-compatible", base_url: "http://127.0.0.1:9/v1", auth: "none" },
};

export interface Stack {
  readonly gateway: GatewayProcess;
  /** Of the console, at `localhost`. */
  readonly url: string;
  /** Addresses of pages about one thing that there is; none where nothing is seeded. */
  readonly paths: readonly string[];
  stop(): Promise<void>;
}

interface StackOptions {
  /** Sixty days of traffic before the start, and what administrators set. Default: none. */
  readonly isSeeded?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startStack({
  isSeeded = false,
  env = {},
}: StackOptions = {}): Promise<Stack> {
  const directory = temporaryDirectory();
  if (isSeeded) await seedLedger(directory.path, Date.now());
  const gateway = await startGateway({
    dataDir: directory.path,
    providers: PROVIDERS,
    env,
  });
  const paths = isSeeded ? await seedAdmin(gateway) : [];
  const { url, stop } = await startConsole(gateway.url);
  return {
    gateway,
    url,
    paths,
    async stop() {
      await stop();
      await gateway.stop();
      directory.remove();
    },
  };
}

/** The console as a process, with nothing in its environment but what it needs. */
export function startConsole(
  gatewayUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ["--no-env-file", MAIN], {
    env: {
      PATH: process.env["PATH"],
      ANYRAY_CONSOLE_PORT: "0",
      ANYRAY_GATEWAY_URL: gatewayUrl,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await gone;
  };
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = () => reject(new Error(`the console did not start: ${output}`));
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      fail();
    }, START_LIMIT_MS);
    child.once("close", fail);
    child.stderr.on("data", (chunk: Uint8Array) => (output += String(chunk)));
    child.stdout.on("data", (chunk: Uint8Array) => {
      output += String(chunk);
      const port = /serves http:\/\/\S+:(\d+)\n/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(limit);
      resolve({ url: `http://localhost:${port}`, stop });
    });
  });
}

/** One request of ann's through the gateway, answered by the demo provider and sealed. Resolves to its trace's id. */
export async function askDemo({ gateway }: Stack): Promise<string> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.clientKey}`,
      "content-type": "application/json",
      "x-anyray-metadata": JSON.stringify({ user: "ann@example.com", session: "agent-1" }),
    },
    body: JSON.stringify({
      model: "demo/demo",
      stream: true,
      messages: [{ role: "user", content: "Which way is out?" }],
    }),
  });
  await response.text();
  return response.headers.get("x-anyray-trace-id") ?? "";
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

export interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests to anywhere but the console. */
  readonly foreign: readonly string[];
  /** Errors of scripts, of the policy, of missing files. */
  readonly errors: readonly string[];
}

/** A page whose every request and error is noted, and that can reach nothing but the console. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ timezoneId: "Europe/Berlin", ...options });
  const foreign: string[] = [];
  const errors: string[] = [];
  const isOwn = (to: string) => new URL(to).origin === new URL(url).origin;
  await context.route("**/*", (route) => {
    if (isOwn(route.request().url())) return route.continue();
    foreign.push(route.request().url());
    return route.abort();
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { context, page, foreign, errors };
}

export async function signIn(page: Page, { url, gateway }: Stack): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("Admin token").fill(gateway.adminToken);
  await page.getByRole("button", { name: "Sign in" }).first().click();
  await page.waitForURL((to) => !to.pathname.startsWith("/sign-in"));
}
