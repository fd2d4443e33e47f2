/** The checks of escaping find what they should: a bad file fails, in each of the ways in which one can be bad. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import ts from "typescript";
import about from "../../package.json" with { type: "json" };

const ROOT = resolve(import.meta.dirname, "../..");
const SCAN = "node_modules/@kitajs/ts-html-plugin/dist/cli.js";

/** Within the project, so that its settings count; taken away at the end. */
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(ROOT, "console/testing/scan-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function scan(source: string): { code: number | null; output: string } {
  const file = join(directory, "page.tsx");
  writeFileSync(file, source);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [SCAN, "-p", "tsconfig.json", relative(ROOT, file)],
    { cwd: ROOT, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
  );
  return { code: status, output: stdout + stderr };
}

describe("xss-scan", () => {
  test("runs with the TypeScript that it does not crash with", () => {
    // With TypeScript 7 it crashes and exits 0.
    expect(about.devDependencies.typescript).toBe("5.9.3");
    expect(ts.version).toBe("5.9.3");
  });

  test("finds text that is not escaped", () => {
    const found = scan("export const Bad = ({ name }: { name: string }) => <p>{name}</p>;\n");
    expect(found.output).toContain("K601");
    expect(found.code).toBe(1);
    const nested = scan(
      "export const Bad = ({ names }: { names: string[] }) => <ul>{names.map((name) => <li>{name}</li>)}</ul>;\n",
    );
    expect(nested.code).toBe(1);
  }, 30_000);

  test("lets escaped text pass", () => {
    const good = scan("export const Good = ({ name }: { name: string }) => <p safe>{name}</p>;\n");
    expect([good.code, good.output.includes("error")]).toEqual([0, false]);
  }, 30_000);
});

/** It looks only at the second branch of a condition: the first ones are looked at here. */
function uncheckedBranches(file: ts.SourceFile, checker: ts.TypeChecker): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxExpression(node) && node.expression !== undefined && isChild(node)) {
      for (const branch of firstBranches(node.expression)) {
        const type = checker.getTypeAtLocation(branch);
        const isText =
          (type.flags & (ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) !== 0 &&
          type.aliasSymbol?.escapedName !== "Element";
        const isElement =
          ts.isJsxElement(branch) || ts.isJsxSelfClosingElement(branch) || ts.isJsxFragment(branch);
        if (isText && !isElement)
          found.push(`${relative(ROOT, file.fileName)}: ${branch.getText()}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isChild(node: ts.JsxExpression): boolean {
  const { parent } = node;
  if (ts.isJsxFragment(parent)) return true;
  if (!ts.isJsxElement(parent)) return false;
  return !parent.openingElement.attributes.properties.some((each) => each.getText() === "safe");
}

function firstBranches(expression: ts.Expression): ts.Expression[] {
  if (ts.isParenthesizedExpression(expression)) return firstBranches(expression.expression);
  if (!ts.isConditionalExpression(expression)) return [];
  const { whenTrue, whenFalse } = expression;
  const first = ts.isParenthesizedExpression(whenTrue) ? whenTrue.expression : whenTrue;
  return [first, ...firstBranches(whenTrue), ...firstBranches(whenFalse)];
}

describe("both branches of a condition", () => {
  const parse = (files: string[]) => {
    const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    const program = ts.createProgram(files, options);
    const checker = program.getTypeChecker();
    return files.flatMap((file) => {
      const source = program.getSourceFile(file);
      return source === undefined ? [`no ${file}`] : uncheckedBranches(source, checker);
    });
  };

  test("are looked at: a bad first one is found", () => {
    const file = join(directory, "branch.tsx");
    writeFileSync(
      file,
      "export const Bad = ({ name }: { name: string | null }) => <p>{name !== null ? name : <b>none</b>}</p>;\n",
    );
    expect(parse([file])).toHaveLength(1);
  });

  test("are escaped in every page", () => {
    const files = [...new Bun.Glob("console/**/*.tsx").scanSync(ROOT)]
      .filter((path) => !path.startsWith("console/testing/"))
      .map((path) => join(ROOT, path));
    expect(files.length).toBeGreaterThan(10);
    expect(parse(files)).toEqual([]);
  }, 30_000);
});
