/** `bun:test` for Deno: the same names over `node:test` and Jest's `expect`, so that one set of tests runs on both runtimes. */
import { after, afterEach, before, beforeEach, describe as group, it } from "node:test";
import { expect } from "expect";

expect.extend({
  toBeString(received: unknown) {
    const pass = typeof received === "string";
    return { pass, message: () => `expected ${String(received)} to be a string` };
  },
});

type Body = () => void | Promise<void>;

/** Bun takes a time-out or options as the third argument. */
function test(name: string, body: Body, _options?: unknown): void {
  void it(name, { timeout: 60_000 }, () => body());
}

type Group = (name: string, body: () => void) => void;

const skip: Group = (name, body) => void group.skip(name, body);
const describe = Object.assign(((name, body) => void group(name, body)) satisfies Group, {
  skip,
  skipIf: (condition: boolean): Group =>
    condition ? skip : (name, body) => void group(name, body),
});

export { after as afterAll, afterEach, before as beforeAll, beforeEach, describe, expect, test };
export { test as it };
