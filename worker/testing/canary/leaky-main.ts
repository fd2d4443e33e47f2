/**
 * A gateway that leaks on purpose, in every way that the search must notice: the control that shows that the canary test can fail.
 * Runs on Bun alone; wraps the listener, and changes nothing of the gateway itself.
 */
import { Database } from "bun:sqlite";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

const directory = process.env["ANYRAY_DATA_DIR"] ?? ".";

/** Where each leak goes; the name says what the search has to notice. */
const LEAKS: Readonly<Record<string, (body: string) => void>> = {
  log: (body) => void process.stderr.write(`request failed: ${body}\n`),
  "leak-json": (body) => write("leak-json", JSON.stringify({ note: JSON.stringify(body) })),
  "leak-escaped": (body) =>
    write(
      "leak-escaped",
      Array.from(body, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
    ),
  "leak-url": (body) =>
    write(
      "leak-url",
      Array.from(Buffer.from(body), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    ),
  "leak-base64": (body) => {
    for (const prefix of ["", "x", "xx"]) {
      write(`leak-base64-${prefix.length}`, Buffer.from(prefix + body).toString("base64"));
    }
  },
  "leak-hex": (body) => write("leak-hex", Buffer.from(body).toString("hex").toUpperCase()),
  "leak-utf16": (body) => write("leak-utf16", Buffer.from(body, "utf16le")),
  "leak-gzip": (body) => write("leak-gzip", Buffer.concat([Buffer.from("head "), gzipSync(body)])),
  "leak-zlib": (body) =>
    write("leak-zlib", Buffer.concat([Buffer.from("head "), deflateSync(body)])),
  "leak-raw": (body) =>
    write("leak-raw", Buffer.concat([Buffer.from("head "), deflateRawSync(body)])),
  "leak-zstd": (body) =>
    write("leak-zstd", Buffer.concat([Buffer.from("head "), zstdCompressSync(body)])),
  "leak-nested": (body) => write("leak-nested", gzipSync(Buffer.from(body).toString("base64"))),
  "leak.sqlite": (body) => {
    const database = new Database(join(directory, "leaks", "leak.sqlite"));
    database.exec("CREATE TABLE IF NOT EXISTS note (text BLOB)");
    database.prepare("INSERT INTO note VALUES (?)").run(zstdCompressSync(body.repeat(20)));
    database.close();
  },
};

function write(name: string, content: string | Uint8Array): void {
  mkdirSync(join(directory, "leaks"), { recursive: true });
  writeFileSync(join(directory, "leaks", name), content);
}

const serve = Bun.serve;
const leaky = (options: Parameters<typeof serve>[0]) => {
  const inner = options as { fetch(request: Request, server: unknown): Promise<Response> };
  return serve({
    ...options,
    fetch: async (request: Request, server: unknown) => {
      const body = await request.clone().text();
      if (body !== "") for (const leak of Object.values(LEAKS)) leak(body);
      return inner.fetch(request, server);
    },
  } as Parameters<typeof serve>[0]);
};
Object.defineProperty(Bun, "serve", { value: leaky });
await import("../../main.ts");
