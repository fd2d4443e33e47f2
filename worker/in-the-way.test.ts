import { expect, test } from "bun:test";
import { firstInTheWay, openAll, withOpen } from "./in-the-way.ts";

const fails = (): never => {
  throw new Error("no");
};
const closing = () => {
  const closed: string[] = [];
  const named = (name: string) => ({ name, close: () => void closed.push(name) });
  return { closed, named };
};

test("the first that can't be used is named", async () => {
  const fine = async () => 1;
  expect(await firstInTheWay([["a", fine]])).toBeNull();
  const looks = [
    ["a", fine],
    ["b", async () => fails()],
    ["c", fails],
  ] as const;
  expect(await firstInTheWay(looks)).toBe("b");
});

test("what was opened is closed after its use, or if what comes after it can't be opened", async () => {
  const { closed, named } = closing();
  await withOpen(named("used"), async ({ name }) => expect(name).toBe("used"));
  await expect(withOpen(named("failed"), async () => fails())).rejects.toThrow("no");
  const all = openAll((opened) => ({ a: opened(named("kept")) }));
  expect(all.a.name).toBe("kept");
  expect(() => openAll((opened) => [opened(named("first")), fails()])).toThrow("no");
  expect(closed).toEqual(["used", "failed", "first"]);
});
