/** A thread that gives way. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Worker } from "node:worker_threads";

/** The niceness of every thread of this process, as the kernel has it. */
function niceness(): number[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
    // Behind the name, which may hold blanks: the 17th from the state on.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("a thread that gives way is the only one of its process that does", async () => {
  const before = niceness().filter((nice) => nice > 0).length;
  const url = new URL("./background.ts", import.meta.url).href;
  const script = `import { giveWay } from ${JSON.stringify(url)}; import { parentPort } from "node:worker_threads";
      giveWay(); parentPort.postMessage("ready"); parentPort.on("message", () => undefined);`;
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  await new Promise((resolve) => thread.once("message", resolve));
  const after = niceness();
  expect(after.filter((nice) => nice > 0).length).toBe(before + 1);
  expect(after).toContain(0);
  await thread.terminate();
});
