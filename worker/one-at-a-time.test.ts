import { expect, test } from "bun:test";
import { oneAtATime } from "./one-at-a-time.ts";

test("what is asked for last is read last, though an earlier reading takes longer, or fails", async () => {
  let stored = 0;
  let seen = -1;
  const delays = [30, 1, 10, 1];
  const reload = oneAtATime(async () => {
    const read = stored;
    await new Promise((resolve) => setTimeout(resolve, delays.shift()));
    if (read === 2) throw new Error("away");
    seen = read;
  });
  const runs: Promise<void>[] = [];
  for (stored = 0; stored < 4; stored++) runs.push(reload());
  stored = 2;
  const failing = reload();
  stored = 9;
  const results = await Promise.allSettled([...runs, failing]);
  expect(results.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
  expect(seen).toBe(9);
  stored = 2;
  await expect(reload()).rejects.toThrow("away");
  stored = 3;
  await reload();
  expect(seen).toBe(3);
});
