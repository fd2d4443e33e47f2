import { describe, expect, test } from "bun:test";
import { Deadlines } from "./deadlines.ts";
import { sleep, until } from "./rig.ts";

describe("time-outs of one length", () => {
  const item = (log: string[], name: string) => ({ expired: () => void log.push(name) });

  test("end each in its own time, in the order in which they began", async () => {
    const deadlines = new Deadlines(40, () => performance.now());
    const log: string[] = [];
    const start = performance.now();
    const ends: number[] = [];
    const timed = (name: string) => ({
      expired() {
        log.push(name);
        ends.push(performance.now() - start);
      },
    });
    deadlines.add(timed("first"));
    await sleep(20);
    deadlines.add(timed("second"));
    expect(await until(() => log.length === 2)).toBe(true);
    expect(log).toEqual(["first", "second"]);
    expect(ends[0]).toBeGreaterThanOrEqual(39);
    expect(ends[1]).toBeGreaterThanOrEqual(59);
  });

  test("never end for what was taken out, and begin anew for what is added again", async () => {
    const deadlines = new Deadlines(30, () => performance.now());
    const log: string[] = [];
    const out = item(log, "out");
    const again = item(log, "again");
    deadlines.add(out);
    deadlines.add(again);
    deadlines.delete(out);
    await sleep(20);
    deadlines.add(again);
    const at = performance.now();
    expect(await until(() => log.length > 0)).toBe(true);
    expect(performance.now() - at).toBeGreaterThanOrEqual(28);
    await sleep(40);
    expect(log).toEqual(["again"]);
  });

  test("work again after a while without any", async () => {
    const deadlines = new Deadlines(10, () => performance.now());
    const log: string[] = [];
    deadlines.add(item(log, "a"));
    expect(await until(() => log.length === 1)).toBe(true);
    await sleep(20);
    deadlines.add(item(log, "b"));
    expect(await until(() => log.length === 2)).toBe(true);
  });
});
