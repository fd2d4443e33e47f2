/**
 * Where the trace back ends' programs lie, and whether they are the ones that were built: a cache outside the tree, in a
 * folder named by all that goes into the build, with a checksum file. Nothing is built here (`build.ts`), nothing started.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { arch, env, platform } from "node:process";

/** Raised when `build.ts` changes what it makes. */
const RECIPE = 1;

export const BUILDER_FILE = join(import.meta.dirname, "builder.yaml");
export const CHECKSUM_FILE = "SHA256SUMS";
/** Rebuilds what is missing. */
export const BUILD_COMMAND = "bun otel-collector/build.ts";

/** The Collector's builder, of the same version as the parts in `builder.yaml`. */
export const BUILDER_MODULE = "go.opentelemetry.io/collector/cmd/builder@v0.160.0";

/** Jaeger 2.13; `sum` and `modSum` are its lines in a `go.sum`. */
export const JAEGER = {
  module: "github.com/jaegertracing/jaeger",
  version: "v1.76.0",
  sum: "h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=",
  modSum: "h1:hqcuJlLDTv7G2x5eFd/BhwcPdLxj3N+90aKhIzdOcKo=",
} as const;

export interface Programs {
  /** Absolute paths. */
  readonly collector: string;
  readonly jaeger: string;
}

/** File names in the cache folder. */
export const PROGRAM_FILES = {
  collector: "otelcol-anyray",
  jaeger: "jaeger",
} as const satisfies Record<keyof Programs, string>;

export type Located =
  | { readonly ok: true; readonly programs: Programs }
  | { readonly ok: false; readonly reason: string };

/** `${XDG_CACHE_HOME:-~/.cache}/anyray/trace-backends/<first 16 hex digits of the inputs' SHA-256>`. */
export function programsDirectory(): string {
  const set = env["XDG_CACHE_HOME"];
  // The XDG base directory specification: a relative path is to be ignored.
  const cache = set?.startsWith("/") === true ? set : join(homedir(), ".cache");
  const inputs = [String(RECIPE), platform, arch, BUILDER_MODULE, JSON.stringify(JAEGER)];
  const hash = createHash("sha256").update(inputs.join("\n"));
  hash.update("\n").update(readFileSync(BUILDER_FILE));
  return join(cache, "anyray", "trace-backends", hash.digest("hex").slice(0, 16));
}

/** Both programs, if they are there and still what was built. */
export async function locatePrograms(directory = programsDirectory()): Promise<Located> {
  const checksums = join(directory, CHECKSUM_FILE);
  if (!existsSync(checksums)) return { ok: false, reason: "they are not built" };
  const expected = parseChecksums(readFileSync(checksums, "utf8"));
  for (const name of Object.values(PROGRAM_FILES)) {
    const path = join(directory, name);
    if (!existsSync(path)) return { ok: false, reason: `${name} is missing` };
    if (expected.get(name) !== (await sha256OfFile(path))) {
      return { ok: false, reason: `${name} is not what its checksum says` };
    }
  }
  const { collector, jaeger } = PROGRAM_FILES;
  return {
    ok: true,
    programs: { collector: join(directory, collector), jaeger: join(directory, jaeger) },
  };
}

/** Hex, as `sha256sum` prints it. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Uint8Array); // Without an encoding, a file's chunks are bytes.
  }
  return hash.digest("hex");
}

/** `sha256sum`'s format, so that `sha256sum -c` reads it, too. */
export function formatChecksums(sums: ReadonlyMap<string, string>): string {
  return [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join("");
}

function parseChecksums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").map((line) => /^([0-9a-f]{64}) {2}(\S+)$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[2] ?? "", match[1] ?? ""]] : [])));
}
