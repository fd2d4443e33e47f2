/** The rules of the house, checked on the source itself: who may import whom, who may touch the outside, and what is never written. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(import.meta.dirname, "../..");

interface SourceFile {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  /** Specifiers as written. */
  readonly imports: readonly string[];
}

function readSources(folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => walk(join(ROOT, folder)))
    .map((file) => {
      const text = readFileSync(file, "utf8");
      const imports = ts
        .preProcessFile(text, true, true)
        .importedFiles.map((each) => each.fileName);
      return { path: relative(ROOT, file), text, imports };
    });
}

function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) return name === "results" ? [] : walk(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

const all = readSources(["worker", "db", "console", "bench", "otel-collector"]);
const product = all.filter(
  ({ path }) =>
    !/\.test\.ts$|^(?:worker|console)\/testing\/|^bench\/|^db\/contract\/|^db\/drizzle|\/vectors\/|^otel-collector\//.test(
      path,
    ),
);

/** Files whose imports resolve to a path that the pattern matches. */
function offenders(files: readonly SourceFile[], isBad: (to: string, from: string) => boolean) {
  return files.flatMap(({ path, imports }) =>
    imports
      .map((specifier) =>
        specifier.startsWith(".")
          ? relative(ROOT, resolve(ROOT, dirname(path), specifier))
          : specifier,
      )
      .filter((to) => isBad(to, path))
      .map((to) => `${path} → ${to}`),
  );
}

/** Code without comments and string contents, so that words in prose don't count. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:])\/\/.*$/gm, "$1")
    .replace(/`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

function linesWith(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    codeOf(text)
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
}

/** Composition roots: the processes, and threads that stand for themselves. */
const outside = (path: string) =>
  /^worker\/(?:main|deno|content\/sealer-thread|traces\/export-thread|pricing\/estimate-thread)\.ts$|^worker\/cli\/|^console\/main\.ts$/.test(
    path,
  );

describe("the way out", () => {
  const SOCKETS =
    /^(?:node:)?(?:net|tls|dgram|http|https|http2|dns|dns\/promises|child_process)$|^undici$/;

  test("only the egress opens connections or resolves names", () => {
    const files = product.filter(({ path }) => !/^worker\/egress(?:\.ts|\/)/.test(path));
    expect(offenders(files, (to) => SOCKETS.test(to))).toEqual([
      // Starts the console beside the gateway, and connects to nothing.
      "worker/cli/console.ts → node:child_process",
    ]);
  });

  test("only one file knows the database's driver, which opens connections through the egress", () => {
    const files = product.filter(({ path }) => path !== "db/pg/client.ts");
    expect(offenders(files, (to) => to === "postgres")).toEqual([]);
  });

  test("nothing calls fetch, a web socket or the runtime's own sockets", () => {
    const calls =
      /(?<![.\w])(?:fetch|WebSocket|EventSource|XMLHttpRequest)\s*\(|\bBun\.(?:connect|udpSocket|dns|spawn|\$)|\bDeno\.(?:connect|connectTls|resolveDns|Command)/;
    const found = linesWith(product, calls).filter(
      // The application's own entry is a method of that name.
      (line) =>
        !/^worker\/(?:app|main|deno)\.ts: .*\bfetch(?:\(request\)|: \(request\)|: async \(request\))/.test(
          line,
        ) &&
        !/^worker\/app\.ts: (?:fetch\(request: Request, peer|async fetch\(request, peer\) \{)/.test(
          line,
        ) &&
        !/^console\/app\.ts: (?:async )?fetch\(request/.test(line) &&
        !line.startsWith("worker/egress/plain-wire-bun.ts: Bun.connect({") &&
        // The console is a client of the gateway, and this is its one call.
        !line.startsWith("console/api.ts: fetch(url, {"),
    );
    expect(found).toEqual([]);
  });
});

describe("who imports whom", () => {
  test("the stores know nothing of the gateway", () => {
    const db = product.filter(({ path }) => path.startsWith("db/"));
    expect(offenders(db, (to) => to.startsWith("worker/"))).toEqual([]);
  });

  test("the gateway's core knows the stores' ports only", () => {
    const core = product.filter(({ path }) => path.startsWith("worker/") && !outside(path));
    expect(offenders(core, (to) => to.startsWith("db/") && to !== "db/store.ts")).toEqual([]);
  });

  test("dialects, body, stream, pricing, encryption, audit and egress stay leaves", () => {
    const leaves: Readonly<Record<string, RegExp>> = {
      "worker/dialects/": /^worker\/(?:chat|errors|bytes|stream\/sse)\.ts$|^worker\/dialects\//,
      "worker/body/": /^worker\/(?:errors|bytes)\.ts$|^worker\/body\//,
      "worker/stream/": /^worker\/(?:errors|bytes|egress)\.ts$|^worker\/(?:dialects|stream)\//,
      "worker/pricing/": /^worker\/(?:chat|errors)\.ts$|^worker\/pricing\//,
      "worker/encryption/": /^worker\/bytes\.ts$|^worker\/encryption\//,
      "worker/audit/": /^worker\/chat\.ts$|^worker\/audit\//,
      "worker/egress/": /^worker\/(?:bytes|egress)\.ts$|^worker\/egress\//,
    };
    const found = Object.entries(leaves).flatMap(([folder, allowed]) =>
      offenders(
        product.filter(({ path }) => path.startsWith(folder)),
        (to) => to.startsWith("worker/") && !allowed.test(to),
      ),
    );
    expect(found).toEqual([]);
  });

  test("the pipeline knows no route, no app and no provider's folder", () => {
    const pipeline = product.filter(({ path }) => path.startsWith("worker/pipeline/"));
    const bad =
      /^worker\/(?:routes\/|app\.ts|main\.ts|deno\.ts|gateway\.ts|cli\/|providers\/(?!provider\.ts))/;
    expect(offenders(pipeline, (to) => bad.test(to))).toEqual([]);
  });

  test("the console knows the type of the admin API, and nothing else of ours", () => {
    const files = product.filter(({ path }) => path.startsWith("console/"));
    expect(offenders(files, (to) => /^(?:worker|db|bench|otel-collector)\//.test(to))).toEqual([
      "console/api.ts → worker/app.ts",
    ]);
    const api = files.find(({ path }) => path === "console/api.ts");
    expect(api?.text).toMatch(/^import type \{ Api \} from "\.\.\/worker\/app\.ts";$/m);
    expect(product.filter(({ path }) => !path.startsWith("console/"))).not.toContainEqual(
      expect.objectContaining({
        imports: expect.arrayContaining([expect.stringMatching(/console\/(?!settings)/)]),
      }),
    );
  });

  test("there is no import cycle", () => {
    const graph = new Map(
      product.map(({ path, text, imports }) => {
        // Types alone vanish at run time; a cycle of them harms nobody.
        const values = imports.filter(
          (specifier) =>
            specifier.startsWith(".") &&
            !new RegExp(`import type [^;]*from "${specifier.replaceAll(".", "\\.")}"`).test(text),
        );
        return [
          path,
          values.map((specifier) => relative(ROOT, resolve(ROOT, dirname(path), specifier))),
        ] as const;
      }),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path))
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      if (done.has(path) || trail.includes(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    // The egress' door and its folder are one module in several files.
    expect(cycles.filter((cycle) => !/^(?:worker\/egress[^ ]*(?: → )?)+$/.test(cycle))).toEqual([]);
  });

  test("a provider's name stands only in its folder, the registry and the configuration", () => {
    const files = product.filter(
      ({ path }) =>
        path.startsWith("worker/") &&
        !/^worker\/(?:providers|config|pricing|dialects|cli)\/|^worker\/chat\.ts$/.test(path),
    );
    const named = files.filter(({ text }) =>
      /"(?:groq|mistral|deepseek|openrouter|azure)"/.test(text),
    );
    expect(named.map(({ path }) => path)).toEqual([]);
  });
});

describe("what pages are made of", () => {
  const views = all.filter(({ path }) => /^console\/.*\.tsx$/.test(path));

  test("nothing gets around the escaping that xss-scan checks", () => {
    // What it takes on trust: a cast to the attribute's name, names that begin so, text within scripts, and hand-made HTML.
    const bad =
      /\bas "safe"|\{\s*safe[A-Z]\w*\s*\}|<script[^>]*>\s*\{|\bdangerouslySetInnerHTML\b|\bhtml`|Html\.(?:compile|escape)|\btag\s+of=/;
    const found = views.flatMap(({ path, text }) =>
      text
        .split("\n")
        .filter((line) => bad.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });

  test("nothing needs a script or a style within the page", () => {
    const bad = /\bstyle=|<style\b|\bon[A-Z]\w+=|\bhx-on|javascript:|hx-trigger="[^"]*\[/;
    const found = views.flatMap(({ path, text }) =>
      text
        .split("\n")
        .filter((line) => bad.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});

describe("what is never written", () => {
  test("runtime globals stay in the main files and the command line", () => {
    const core = product.filter(
      ({ path }) => !outside(path) && !/-bun\.ts$/.test(path) && path !== "db/journal.ts",
    );
    expect(linesWith(core, /\b(?:Bun|Deno)\.\w|(?<!["\w.])process\.(?:env|exit|argv|std)/)).toEqual(
      [],
    );
  });

  test("`any` and enums", () => {
    expect(linesWith(all, /(?::|<|\bas|,)\s*any\b(?!\()|^\s*(?:export )?(?:const )?enum /)).toEqual(
      [],
    );
  });

  test("a promise to do it later", () => {
    expect(
      all
        .filter(({ text }) => /\b(?:TODO|FIXME|XXX)\b/.test(text.replace(/\\b.*\\b/g, "")))
        .map(({ path }) => path),
    ).toEqual([]);
  });

  test("a caught error in the log", () => {
    expect(linesWith(product, /console\.(?:log|error|warn|info|debug)/)).toEqual([]);
  });

  test("words that name nothing", () => {
    const bad = /(?:^|\/|-)(?:utils?|helpers?|common|misc|globals|manager|service)(?:\.|-|\/)/;
    expect(all.filter(({ path }) => bad.test(path)).map(({ path }) => path)).toEqual([]);
  });

  test("files that need scrolling without end", () => {
    const long = product.filter(({ text }) => text.split("\n").length > 420);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});
