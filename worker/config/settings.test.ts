import { describe, expect, test } from "bun:test";
import { removeProxyVariables } from "./proxy-variables.ts";
import { settingsMarkdown } from "./settings-markdown.ts";
import { ALL_SETTINGS, KNOWN_VARIABLES } from "./settings.ts";

describe("the settings table", () => {
  test("has each name once, and a _FILE variable for each secret and nothing else", () => {
    expect(new Set(KNOWN_VARIABLES).size).toBe(KNOWN_VARIABLES.length);
    expect(KNOWN_VARIABLES.filter((name) => name.endsWith("_FILE"))).toEqual([
      "ANYRAY_ADMIN_TOKEN_FILE",
      "ANYRAY_CONTENT_KEY_FILE",
      "ANYRAY_CONTENT_KEYS_RETIRED_FILE",
      "ANYRAY_CLIENT_KEY_FILE",
      "ANYRAY_AUDIT_KEY_FILE",
      "ANYRAY_METRICS_TOKEN_FILE",
      "OPENAI_API_KEY_FILE",
      "ANTHROPIC_API_KEY_FILE",
      "ANYRAY_DB_URL_FILE",
    ]);
  });

  test("has no default for a secret, and a default within bounds for a number", () => {
    for (const setting of ALL_SETTINGS) {
      if (setting.secret === true)
        expect([setting.name, setting.default]).toEqual([setting.name, null]);
      if (!("min" in setting)) continue;
      const value = Number(setting.default ?? "x");
      expect([setting.name, value >= setting.min && value <= setting.max]).toEqual([
        setting.name,
        true,
      ]);
    }
  });

  test("becomes a Markdown table with one whole row for each setting", () => {
    const rows = settingsMarkdown()
      .split("\n")
      .filter((line) => line.startsWith("|"));
    expect(rows.length).toBe(ALL_SETTINGS.length + 2);
    for (const row of rows) expect(row.split("|").length).toBe(6);
    expect(rows).toContain(
      "| `ANYRAY_LEDGER_SYNC` | `normal` or `full` | `normal` | What a ledger row survives: `normal` the process being killed, `full` also power loss. |",
    );
  });
});

describe("removeProxyVariables", () => {
  test("takes out what the runtimes' clients obey, in any letter case, and nothing else", () => {
    const env = {
      HTTP_PROXY: "a",
      https_proxy: "b",
      No_Proxy: "c",
      ALL_PROXY: "d",
      MY_PROXY: "e",
      PATH: "f",
    };
    expect([...removeProxyVariables(env)]).toEqual([
      "HTTP_PROXY",
      "https_proxy",
      "No_Proxy",
      "ALL_PROXY",
    ]);
    expect(Object.keys(env)).toEqual(["MY_PROXY", "PATH"]);
  });
});
