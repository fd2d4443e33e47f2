/** Documents are tested against the code: the settings table is generated, the examples run, the links lead somewhere. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import about from "../../package.json" with { type: "json" };
import { loadConfig } from "../config/load.ts";
import { ensureSecrets } from "../config/secret.ts";
import { settingsMarkdown } from "../config/settings-markdown.ts";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const README = read("README.md");
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "bench/README.md",
  "db/README.md",
  "worker/stream/README.md",
  "worker/providers/README.md",
];

/** Fenced blocks of one language, in order. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    (match) => match[1] ?? "",
  );
}

/** Of a heading, as GitHub makes it. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

const directory = temporaryDirectory();
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({ dataDir: directory.path, providers: { demo: { kind: "demo" } } });
});
afterAll(async () => {
  await gateway.stop();
  directory.remove();
});

describe("the README", () => {
  test("has the settings table that the code has", () => {
    const table = /<!-- settings: begin -->\n\n([\s\S]*?)\n\n<!-- settings: end -->/.exec(
      README,
    )?.[1];
    // The formatter pads the columns.
    const plain = (text: string | undefined) =>
      text
        ?.replace(/ +/g, " ")
        .replace(/ ?\| ?/g, "|")
        .replace(/-{3,}/g, "---")
        .trim();
    expect(plain(table)).toBe(plain(settingsMarkdown()));
  });

  test("names the Bun that the package pins, and a reason for every dependency", () => {
    const version = about.packageManager.replace("bun@", "");
    for (const found of README.matchAll(/bun@(\d+\.\d+\.\d+)/g)) expect(found[1]).toBe(version);
    for (const name of [
      ...Object.keys(about.dependencies),
      ...Object.keys(about.devDependencies),
    ]) {
      expect([name, README.includes(`\`${name}\``) || name.startsWith("@ai-sdk/")]).toEqual([
        name,
        true,
      ]);
    }
  });

  test("has a first call that works, and the figures that it shows are those", () => {
    const script = blocks(README, "sh").find((block) => block.includes("curl"));
    const here = (script ?? "")
      .replaceAll("http://127.0.0.1:8787", gateway.url)
      .replace("data/secrets.env", join(directory.path, "secrets.env"))
      .replaceAll("curl ", "curl -sS ");
    const out = execFileSync("bash", ["-euc", here], { encoding: "utf8" });
    const [, report] = out.split(/(?=\{"from")/);
    const shown = JSON.parse(blocks(README, "json")[0] ?? "");
    expect(JSON.parse(report ?? "")).toMatchObject(shown);
  });

  test("has examples of administration that do what they say", () => {
    const script = blocks(README, "sh").find((block) => block.includes("admin()"));
    const secrets = readFileSync(join(directory.path, "secrets.env"), "utf8");
    const here = (script ?? "")
      .replaceAll("http://127.0.0.1:8787", gateway.url)
      .replace(/ > audit\.jsonl.*$/m, "")
      .replaceAll("openai/*", "demo/*");
    const out = execFileSync("bash", ["-euc", `${here}`], {
      encoding: "utf8",
      env: { ...process.env, ANYRAY_ADMIN_TOKEN: /ADMIN_TOKEN=(\S+)/.exec(secrets)?.[1] ?? "" },
    });
    expect(out).not.toContain('"error"');
    for (const made of [
      "ark_",
      "/invites/inv_",
      "cap_",
      "lim_",
      "acme-large",
      '"fast"',
      "auditor",
      '"destinations"',
      '"kind":"entry"',
    ]) {
      expect([made, out.includes(made)]).toEqual([made, true]);
    }
  });

  test("has an example of providers that is a valid configuration", () => {
    const example = blocks(README, "json").find((block) => block.includes("ollama"));
    const config = loadConfig(
      {
        ANYRAY_DATA_DIR: directory.path,
        ANYRAY_PROVIDERS: example,
        GROQ_API_KEY: "gsk_12345678",
        AZURE_API_KEY: "azure-12345678",
      },
      () => "",
      ensureSecrets,
    );
    expect(config.providers.map((provider) => provider.name)).toEqual(["ollama", "groq", "azure"]);
    expect(config.aliases.get("fast")).toBe("groq/llama-3.3-70b-versatile");
  });

  test("begins with a way to every section, in their order", () => {
    const sections = [...README.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);
    const contents = README.slice(0, README.indexOf("\n## "));
    const ways = [...contents.matchAll(/\[([^\]]+)\]\(#([^)]+)\)/g)];
    expect(ways.map(([, title]) => title)).toEqual(sections);
    for (const [, , anchor] of README.matchAll(/\[([^\]]+)\]\(#([^)]+)\)/g)) {
      expect(sections.map(anchorOf)).toContain(anchor ?? "");
    }
  });

  test("shows pictures that load fast, each of which is used", () => {
    const pictures = readdirSync(join(ROOT, "docs"));
    for (const name of pictures) {
      expect([name, README.includes(`](docs/${name})`)]).toEqual([name, true]);
      expect([name, statSync(join(ROOT, "docs", name)).size <= 200 * 1024]).toEqual([name, true]);
    }
    expect(pictures.length).toBeGreaterThan(2);
  });

  test("names commands that there are", () => {
    for (const found of README.matchAll(/run (up|verify|anyray|bench|stack)\b/g)) {
      expect(Object.keys(about.scripts)).toContain(found[1] ?? "");
    }
  });
});

describe("every document", () => {
  for (const name of DOCUMENTS) {
    test(`${name} has no dead link and no word of another place`, () => {
      const text = read(name);
      for (const found of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        expect([found[1], existsSync(join(ROOT, dirname(name), found[1] ?? ""))]).toEqual([
          found[1],
          true,
        ]);
      }
      expect(text).not.toMatch(/\/work\/|\/root\/|registry\./);
    });
  }
});
