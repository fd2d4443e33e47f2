/**
 * One run of the open-loop generator against a fresh proxy.
 */
import { join } from "node:path";
import { startReader } from "../children.ts";
import type { LoadPlan, LoadResult } from "../load.ts";
import { type ProxyKind, type Rig, startProxy } from "../rig.ts";
import { type Load, warmUp } from "../wrk.ts";

const SECONDS = 4;

/** Throws if any request failed. */
export async function runLoad(rig: Rig, plan: LoadPlan): Promise<LoadResult> {
  const text = await startReader({
    name: "load generator",
    argv: [process.execPath, join(import.meta.dirname, "../load.ts"), JSON.stringify(plan)],
    cores: rig.cores.rest,
    logPath: join(rig.tempDir, "load.log"),
  }).output;
  // Printed by load.ts of the same version.
  const result = JSON.parse(text) as LoadResult;
  if (result.errors > 0) throw new Error(`${result.errors} requests at a fixed rate failed`);
  return result;
}

/** A fresh proxy, warmed up, at this rate. */
export async function measureFixedRate(
  rig: Rig,
  kind: ProxyKind,
  load: Load,
  rate: number,
): Promise<LoadResult> {
  const proxy = await startProxy(rig, kind);
  try {
    await warmUp(rig, proxy, kind, load);
    return await runLoad(rig, {
      port: proxy.port,
      clientKey: proxy.clientKey,
      ...load,
      rate,
      warmUpSeconds: 1,
      seconds: rig.options.isQuick ? 2 : SECONDS,
    });
  } finally {
    await proxy.stop();
  }
}
