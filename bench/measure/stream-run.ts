/** One run of the client of slow streams. */
import { join } from "node:path";
import { type Reader, startReader } from "../children.ts";
import type { Rig, Running } from "../rig.ts";
import type { StreamPlan, StreamResult } from "../stream-client.ts";

export const CHUNKS_PER_SECOND = 20;
/** In which all streams are opened. */
export const RAMP_MS = 1_000;
/** Longer than any look at idle streams takes. */
const IDLE_MS = 60_000;
const GRACE_MS = 10_000;

/** @param chunks of each stream; null: it is held open until the client is stopped */
export function startStreams(
  rig: Rig,
  { clientKey, port }: Running,
  streams: number,
  chunks: number | null,
): Reader {
  const timeoutMs =
    chunks === null ? IDLE_MS : RAMP_MS + (chunks / CHUNKS_PER_SECOND) * 1_000 + GRACE_MS;
  const plan: StreamPlan = { port, clientKey, streams, chunks, rampMs: RAMP_MS, timeoutMs };
  return startReader({
    name: "stream client",
    argv: [
      process.execPath,
      join(import.meta.dirname, "../stream-client.ts"),
      JSON.stringify(plan),
    ],
    cores: rig.cores.rest,
    logPath: join(rig.tempDir, "stream-client.log"),
  });
}

/** Of streams that come to their ends. */
export async function resultOf(client: Reader): Promise<StreamResult> {
  // Printed by stream-client.ts of the same version.
  return JSON.parse((await client.output).replace("open\n", "")) as StreamResult;
}
