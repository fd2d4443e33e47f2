/** `bun run up`: the console beside the gateway, with nothing of its environment, for as long as it lives and no longer. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { startConsole as launchConsole } from "../../worker/cli/console.ts";
import { createLog } from "../../worker/telemetry/log.ts";
import { startGateway, temporaryDirectory } from "../../worker/testing/gateway-process.ts";
import { startConsole } from "./stack.ts";

const MAIN = join(import.meta.dirname, "../../worker/main.ts");
const LIMIT_MS = 15_000;
const hasProc = existsSync("/proc/self/environ");
if (!hasProc) process.stderr.write("SKIPPED: the console's environment (no /proc)\n");

const directory = temporaryDirectory();
let gateway: ChildProcess;
let output = "";

beforeAll(async () => {
  gateway = spawn(process.execPath, ["--no-env-file", MAIN, "--with-console"], {
    env: {
      PATH: process.env["PATH"],
      HOME: directory.path,
      ANYRAY_DATA_DIR: directory.path,
      ANYRAY_PORT: "0",
      ANYRAY_CONSOLE_PORT: "0",
      ANYRAY_DRAIN_MS: "500",
      ANYRAY_PUBLIC_URL: "https://llm.example.com",
      ANYRAY_ADMIN_TOKEN: "an-admin-token-that-only-the-gateway-knows",
      OPENAI_API_KEY: "sk-that-only-the-gateway-knows",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  gateway.stdout?.on("data", (chunk: Uint8Array) => (output += String(chunk)));
  gateway.stderr?.on("data", (chunk: Uint8Array) => (output += String(chunk)));
  await until(() => /Console +http/.test(output));
}, LIMIT_MS);
afterAll(() => {
  gateway.kill("SIGKILL");
  directory.remove();
});

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < LIMIT_MS; waited += 25) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited in vain; output: ${output}`);
}

/** Processes that the gateway started. */
function children(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        return stat.slice(stat.lastIndexOf(")")).split(" ")[2] === String(gateway.pid);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe.skipIf(!hasProc && process.env["CI"] !== "true")("the console beside the gateway", () => {
  test("answers at the address that the welcome names", async () => {
    const url = /Console +(http:\S+)/.exec(output)?.[1];
    const response = await fetch(`${url}/sign-in`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("Sign in to Anyray");
  });

  test("has the variables that it needs, and no secret", () => {
    const [pid] = children();
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
    expect(environment.map((pair) => pair.split("=")[0]).sort()).toEqual([
      "ANYRAY_CONSOLE_PORT",
      "ANYRAY_GATEWAY_URL",
      "ANYRAY_HOST",
      "ANYRAY_PUBLIC_URL",
      "NODE_ENV",
      "PATH",
    ]);
    expect(environment.join()).not.toContain("only-the-gateway-knows");
    expect(environment).toContain("ANYRAY_PUBLIC_URL=https://llm.example.com");
  });

  test("comes back when it dies", async () => {
    const [pid = 0] = children();
    process.kill(pid, "SIGKILL");
    await until(() => children().some((each) => each !== pid));
    expect(output).toContain("console ended, starts again");
  });

  test("ends with the gateway, even with one that is killed", async () => {
    await until(() => children().length === 1);
    const [pid] = children();
    gateway.kill("SIGKILL");
    await until(() => !existsSync(`/proc/${pid}`));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

test("a console whose port is taken is given up after a few tries, in one line that says what to do", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const lines: string[] = [];
  const console = await launchConsole({
    host: "127.0.0.1",
    port,
    publicUrl: null,
    gatewayUrl: "http://127.0.0.1:9",
    publicGatewayUrl: null,
    path: process.env["PATH"] ?? "",
    log: createLog("info", Date.now, (line) => lines.push(line)),
  });
  try {
    expect(console.url).toBeNull();
    await until(() => lines.some((line) => line.includes("ANYRAY_CONSOLE_PORT")));
    const given = lines.length;
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ level: "error", port });
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect([given, lines.length]).toEqual([4, 4]);
  } finally {
    console.stop();
    other.close();
  }
}, 40_000);

describe("a console that stands inside alone", () => {
  test("is reached through the gateway, byte for byte, and the boundary says so", async () => {
    const home = temporaryDirectory();
    const providers = { demo: { kind: "demo" } };
    // The console first: its port is what the gateway is told.
    const inside = await startConsole("http://127.0.0.1:9");
    const port = await freePort();
    const through = await startGateway({
      dataDir: home.path,
      providers,
      env: { ANYRAY_CONSOLE_RELAY: inside.url, ANYRAY_CONSOLE_PORT: String(port) },
    });
    try {
      const [direct, relayed] = await Promise.all(
        [inside.url, `http://localhost:${port}`].map(async (url) =>
          (await fetch(`${url}/sign-in`)).text(),
        ),
      );
      expect(relayed).toBe(direct ?? "");
      // Many at once, and one that leaves at once.
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${port}/livez`)),
      );
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      const boundary = await fetch(`${through.url}/admin/boundary`, {
        headers: { authorization: `Bearer ${through.adminToken}` },
      });
      const { destinations } = await boundary.json();
      const console = destinations.find(({ name }: { name: string }) => name === "console");
      expect(console).toMatchObject({ reason: "console", origin: inside.url, refused: 0 });
      expect(console.bytes_received).toBeGreaterThan(direct?.length ?? 0);
    } finally {
      await through.stop();
      await inside.stop();
      home.remove();
    }
  }, 30_000);
});

test("a console says of a malformed `Host` what it says of another's", async () => {
  const pages = await startConsole("http://127.0.0.1:9");
  const ask = (host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(Number(new URL(pages.url).port), "127.0.0.1");
      socket.on("data", (chunk) => (answer += String(chunk)));
      socket.on("close", () => resolve(answer));
      socket.on("error", reject);
      socket.end(`GET /sign-in HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
  try {
    for (const host of ["a b", "[::1", "%", "localhost:99999", "", "a@b", "localhost#", "a\\b"]) {
      const answer = await ask(host);
      expect([host, answer.slice(0, 12)]).toEqual([host, "HTTP/1.1 400"]);
      expect(answer).toContain("The console has another address");
      expect(answer.toLowerCase()).toContain("content-security-policy: default-src 'none'");
    }
    expect((await ask("evil.example")).slice(0, 12)).toBe("HTTP/1.1 421");
  } finally {
    await pages.stop();
  }
}, 30_000);

test("a console reaches its gateway directly, whatever proxy its shell names", async () => {
  const home = temporaryDirectory();
  const direct = await startGateway({ dataDir: home.path, providers: { demo: { kind: "demo" } } });
  const proxy = "http://127.0.0.1:9";
  const pages = await startConsole(direct.url, {
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    ALL_PROXY: proxy,
  });
  try {
    const response = await fetch(`${pages.url}/sign-in`, {
      method: "POST",
      headers: { origin: pages.url, "sec-fetch-site": "same-origin" },
      body: new URLSearchParams({ token: "nonsense" }),
    });
    // Refused by the gateway, and not for want of one.
    expect(response.status).toBe(401);
  } finally {
    await pages.stop();
    await direct.stop();
    home.remove();
  }
}, 30_000);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
}
