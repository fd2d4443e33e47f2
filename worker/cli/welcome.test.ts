import { describe, expect, test } from "bun:test";
import { createTerminal, printable, table, type Terminal } from "./terminal.ts";
import { localUrl, printWelcome, type WelcomeFacts } from "./welcome.ts";

const FACTS: WelcomeFacts = {
  host: "0.0.0.0",
  port: 8787,
  consoleUrl: "http://localhost:3000",
  dataDir: "./data",
  secretsFile: {
    path: "data/secrets.env",

    made: ["ANYRAY_ADMIN_TOKEN", "ANYRAY_CLIENT_KEY"],
  },
  adminToken: "aat_admin-secret",
  clientKey: "ark_client-secret",
  providers: ["demo"],
  isDemo: true,
  firstTry: { endpoint: "chat", model: "demo/small" },
};

function print(
  facts: Partial<WelcomeFacts>,
  isTTY: boolean,
  env: Record<string, string> = {},
): string {
  let stdout = "";
  const terminal: Terminal = createTerminal(
    { isTTY, write: (text) => (stdout += text) },
    {
      isTTY: true,
      write: () => {
        throw new Error("nothing goes to standard error");
      },
    },
    env,
  );
  printWelcome({ ...FACTS, ...facts }, terminal);
  return stdout;
}

describe("the welcome at the first start", () => {
  test("shows secrets on a screen only, elsewhere the path of their file", () => {
    expect(print({}, true)).toContain("aat_admin-secret");
    expect(print({}, true)).toContain("ark_client-secret");
    const piped = print({}, false);
    expect(piped).not.toContain("-secret");
    expect(piped).toContain("in data/secrets.env");
    expect(piped).not.toContain("\u001b");
  });

  test("never shows a secret that the environment gave", () => {
    const secretsFile = { path: "s.env", made: ["ANYRAY_CLIENT_KEY"] };
    const text = print({ secretsFile }, true);
    expect(text).not.toContain("aat_admin-secret");
    expect(text).toContain("the one in ANYRAY_ADMIN_TOKEN");
    expect(text).toContain("ark_client-secret");
  });

  test("tells how to sign in, where spend is, and where each tool's base URL goes", () => {
    const text = print({}, false);
    for (const expected of [
      "http://127.0.0.1:8787/docs",
      "the password is the admin token",
      "http://127.0.0.1:8787/admin/spend",
      "OPENAI_BASE_URL=http://127.0.0.1:8787/v1 ",
      "ANTHROPIC_BASE_URL=http://127.0.0.1:8787  ANTHROPIC_AUTH_TOKEN=$ANYRAY_CLIENT_KEY",
      'base_url = "http://127.0.0.1:8787/v1"',
      'wire_api = "responses"',
    ]) {
      expect(text).toContain(expected);
    }
  });

  test("has a first call that a shell takes as it stands, without a secret in it", () => {
    const text = print({}, true, { NO_COLOR: "1" });
    const call = text.slice(
      text.indexOf("  . "),
      text.indexOf("  curl http://127.0.0.1:8787/admin"),
    );
    expect(call).toStartWith("  . data/secrets.env\n  curl ");
    expect(call).not.toContain("-secret");
    const body = /-d '([^']*)'/.exec(call)?.[1] ?? "";
    expect(JSON.parse(body)).toEqual({
      model: "demo/small",
      messages: [{ role: "user", content: "Hello" }],
    });
  });

  test("asks for it in the dialect that is served", () => {
    const firstTry = { endpoint: "messages", model: "anthropic/some-model" } as const;
    const text = print({ firstTry }, false);
    expect(text).toContain("curl http://127.0.0.1:8787/v1/messages -H");
    expect(JSON.parse(/-d '([^']*)'/.exec(text)?.[1] ?? "")).toEqual({
      model: "anthropic/some-model",
      max_tokens: 100,
      messages: [{ role: "user", content: "Hello" }],
    });
  });

  test("makes more keys in the store of this gateway, wherever it lies", () => {
    expect(print({}, false)).toContain("More keys: bun run anyray keys create");
    expect(print({ dataDir: "/srv/my data" }, false)).toContain(
      "More keys: ANYRAY_DATA_DIR='/srv/my data' bun run anyray keys create",
    );
  });

  test("quotes a path that a shell would take apart", () => {
    const source = (path: string): string =>
      /^ {2}\. (.*)$/m.exec(
        print({ secretsFile: { path, made: FACTS.secretsFile?.made ?? [] } }, false),
      )?.[1] ?? "";
    expect(source("secrets.env")).toBe("./secrets.env");
    expect(source("/my data/it's/secrets.env")).toBe("'/my data/it'\\''s/secrets.env'");
  });

  test("fits a terminal that is 120 columns wide", () => {
    for (const line of print({}, false).split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});

describe("the welcome at a later start", () => {
  test("is short and holds no secret, on a screen, too", () => {
    for (const secretsFile of [{ path: "data/secrets.env", made: [] }, null]) {
      const text = print({ secretsFile, isDemo: false, providers: ["openai", "groq"] }, true);
      expect(text.trimEnd().split("\n").length).toBe(3);
      expect(text).toContain("openai, groq");
      expect(text).not.toContain("-secret");
      expect(text.includes("in data/secrets.env")).toBe(secretsFile !== null);
    }
  });
});

describe("localUrl", () => {
  test("is where a person on this machine reaches the gateway", () => {
    expect(localUrl("127.0.0.1", 1)).toBe("http://127.0.0.1:1");
    expect(localUrl("0.0.0.0", 1)).toBe("http://127.0.0.1:1");
    expect(localUrl("::", 1)).toBe("http://[::1]:1");
    expect(localUrl("fd00::2", 1)).toBe("http://[fd00::2]:1");
    expect(localUrl("gateway.internal", 1)).toBe("http://gateway.internal:1");
  });
});

describe("a terminal", () => {
  test("has no style in a pipe, with NO_COLOR, or on a dumb one", () => {
    const bold = (isTTY: boolean, env: Record<string, string>): string =>
      createTerminal({ isTTY, write: () => 0 }, { write: () => 0 }, env).bold("x");
    expect(bold(true, {})).toBe("\u001b[1mx\u001b[0m");
    expect(bold(false, {})).toBe("x");
    expect(bold(true, { NO_COLOR: "1" })).toBe("x");
    expect(bold(true, { TERM: "dumb" })).toBe("x");
  });

  test("shows no stored character that could steer it", () => {
    expect(printable("a\u001b[2Jb\nc\u202ed\u009b")).toBe("a?[2Jb?c?d?");
    expect(
      table([
        ["A", "B"],
        ["long", "x\u0007"],
      ]),
    ).toBe("A     B\nlong  x?");
  });
});
