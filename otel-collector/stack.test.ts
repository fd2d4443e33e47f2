/** `bun run stack` as a developer runs it: a line each, a request, its trace, one signal. */
import { expect, test } from "bun:test";
import process from "node:process";
import { join } from "node:path";
import { parseSecretsText } from "../worker/config/secrets-file.ts";
import { temporaryDirectory } from "../worker/testing/gateway-process.ts";
import * as backends from "../worker/testing/trace-backends.ts";
import { until } from "../worker/testing/until.ts";

const cacheHome = process.env["XDG_CACHE_HOME"];
const isBuilt = (await backends.findTraceBackends()) !== null;

test.skipIf(!isBuilt)(
  "the stack starts, shows a trace, and ends with all its parts",
  async () => {
    const data = temporaryDirectory();
    const child = Bun.spawn([process.execPath, join(import.meta.dirname, "stack.ts")], {
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: process.env["HOME"] ?? "",
        // Where the programs lie; an empty one would be a place of its own.
        ...(cacheHome === undefined ? {} : { XDG_CACHE_HOME: cacheHome }),
        ANYRAY_DATA_DIR: data.path,
        ANYRAY_PORT: "0",
        ANYRAY_CONSOLE_PORT: "0",
      },
      stdout: "pipe",
      stderr: "pipe",
    });
    try {
      let output = "";
      const reading = (async () => {
        for await (const chunk of child.stdout) output += new TextDecoder().decode(chunk);
      })();
      const find = (pattern: RegExp) => until(async () => pattern.exec(output)?.[1] ?? null);
      const jaeger = await find(/^Jaeger +ready: .*(http:\S+)\/api/m);
      await find(/^Collector +ready: .*(http:\S+)/m);
      const gateway = await find(/Anyray serves (http:\/\/\S+)/);
      const signIn = await fetch(`${await find(/Console +(http:\S+)/)}/sign-in`);
      expect(await signIn.text()).toContain("Sign in to Anyray");
      const secrets = parseSecretsText(await Bun.file(join(data.path, "secrets.env")).text());
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const key = secrets.ok ? secrets.values.get("ANYRAY_CLIENT_KEY") : "";
      const response = await fetch(`${gateway}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "hello" }] }),
      });
      expect(response.status).toBe(200);
      const id = response.headers.get("x-anyray-trace-id");
      await until(async () => ((await fetch(`${jaeger}/api/v3/traces/${id}`)).ok ? true : null));
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
      await reading;
      expect(output).toContain("stack     ended");
      await expect(fetch(jaeger)).rejects.toThrow();
    } finally {
      child.kill("SIGTERM");
      await child.exited;
      data.remove();
    }
  },
  60_000,
);
