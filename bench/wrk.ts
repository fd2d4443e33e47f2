/**
 * Closed-loop load by `wrk`: a few connections, each sending its next request as soon as the last was answered.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startReader } from "./children.ts";
import { CHAT_PATH, requestBody, type Shape } from "./payload.ts";
import { BARE, type ProxyKind, type Rig, type Running } from "./rig.ts";

export interface Load {
  readonly shape: Shape;
  readonly sizeBytes: number;
}

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

const CONNECTIONS = 16;

/** The body comes from a file: Lua's string literals would need escapes. */
function script(bodyPath: string, clientKey: string): string {
  return `
local file = io.open("${bodyPath}", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer ${clientKey}"
done = function(summary)
  local e = summary.errors
  print(string.format('RESULT {"requests":%d,"micros":%d,"errors":%d}', summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** The bare proxy is all native code and needs no longer. */
const BARE_WARM_UP_SECONDS = 2;
const SETTLE_MS = 2_500;

/** Full load until the just-in-time compiler is through with a fresh process. */
export async function warmUp(rig: Rig, proxy: Running, kind: ProxyKind, load: Load): Promise<void> {
  const { warmUpSeconds } = rig.options;
  const seconds = kind === BARE ? Math.min(BARE_WARM_UP_SECONDS, warmUpSeconds) : warmUpSeconds;
  await runWrk(rig, proxy, load, seconds);
  // The generator cuts its last requests off. What a gateway does about those (it counts their tokens, by a thread that it starts
  // for that) belongs to the warm-up, and would share the one core with the measurement.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** Throws if any request failed, or none was answered: a rate with errors in it means nothing. */
export async function runWrk(
  rig: Rig,
  proxy: Running,
  load: Load,
  seconds: number,
): Promise<WrkResult> {
  const base = join(rig.tempDir, `wrk-${load.shape}-${load.sizeBytes}`);
  writeFileSync(`${base}.json`, requestBody(load.shape, load.sizeBytes));
  writeFileSync(`${base}.lua`, script(`${base}.json`, proxy.clientKey));
  const url = `http://127.0.0.1:${proxy.port}${CHAT_PATH}`;
  const flags = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--timeout", "10s"];
  const text = await startReader({
    name: "wrk",
    argv: ["wrk", ...flags, "-s", `${base}.lua`, url],
    cores: rig.cores.rest,
    logPath: `${base}.log`,
  }).output;
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`wrk printed no result:\n${text}`);
  // The line is our own script's.
  const raw = JSON.parse(line) as { requests: number; micros: number; errors: number };
  if (raw.errors > 0) throw new Error(`wrk: ${raw.errors} of ${raw.requests} requests failed`);
  if (raw.requests === 0) throw new Error(`wrk: no request was answered in ${seconds} s`);
  return { requests: raw.requests, requestsPerSecond: raw.requests / (raw.micros / 1e6) };
}
