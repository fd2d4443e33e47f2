/** The files that pages load, from our own origin, each with the digest that the browser checks. Read once, when the console starts. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SECURITY_HEADERS } from "./headers.ts";

export interface Asset {
  /** Changes with its content. */
  readonly path: string;
  readonly integrity: string;
}

const own = join(import.meta.dirname, "static");
const htmx = dirname(createRequire(import.meta.url).resolve("htmx.org/package.json"));

const CSS = "text/css; charset=utf-8";
const JS = "text/javascript; charset=utf-8";
const FILES = {
  style: { file: join(own, "console.css"), name: "console.css", type: CSS },
  script: { file: join(own, "console.js"), name: "console.js", type: JS },
  htmx: { file: join(htmx, "dist/htmx.min.js"), name: "htmx.js", type: JS },
  sse: { file: join(htmx, "dist/ext/hx-sse.min.js"), name: "hx-sse.js", type: JS },
  icon: { file: join(own, "icon.svg"), name: "icon.svg", type: "image/svg+xml" },
} as const;
type AssetName = keyof typeof FILES;

const loaded = Object.entries(FILES).map(([key, { file, name, type }]) => {
  const bytes = readFileSync(file);
  const version = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const digest = createHash("sha384").update(bytes).digest("base64");
  return {
    key,
    type,
    bytes,
    asset: { path: `/static/${version}/${name}`, integrity: `sha384-${digest}` },
  };
});

const byPath = new Map(loaded.map((each) => [each.asset.path, each]));

export function assetOf(name: AssetName): Asset {
  const found = loaded.find(({ key }) => key === name);
  if (found === undefined) throw new Error(`no asset ${name}`);
  return found.asset;
}

/** Null: there is no such file. */
export function answerAsset(path: string): Response | null {
  const found = byPath.get(path);
  if (found === undefined) return null;
  return new Response(found.bytes, {
    headers: [
      ...SECURITY_HEADERS.map(([name, value]): [string, string] => [name, value]),
      ["content-type", found.type],
      ["cache-control", "public, max-age=31536000, immutable"],
    ],
  });
}
