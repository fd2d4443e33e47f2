/**
 * Does memory grow with the number of requests served? JSON and SSE by turns at full rate, RSS after each stretch.
 */
import type { Shape } from "../payload.ts";
import { rssKb } from "../machine.ts";
import { megabytes, number, type Section } from "../report.ts";
import { NORMAL, type Rig, startProxy } from "../rig.ts";
import { slope, spread } from "../stats.ts";
import { runWrk } from "../wrk.ts";

/** The first samples belong to the compiler and to pools that fill once. */
const WARM_SHARE = 0.2;
/** Flat: the last third of the samples stands at most this much above the first third after the warm-up. */
const FLAT = 1.05;
const STRETCH_SECONDS = 2;

export async function measureMemory(rig: Rig): Promise<Section> {
  const wanted = rig.options.rssRequests;
  const samples: (readonly [requests: number, kb: number])[] = [];
  const proxy = await startProxy(rig, NORMAL);
  try {
    for (let requests = 0, shape: Shape = "json"; requests < wanted;) {
      const done = await runWrk(rig, proxy, { shape, sizeBytes: 600 }, STRETCH_SECONDS);
      requests += done.requests;
      shape = shape === "json" ? "sse" : "json";
      samples.push([requests, rssKb(proxy.pid) ?? Number.NaN]);
      rig.progress(`rss: ${megabytes(samples.at(-1)?.[1] ?? null)} MiB after ${requests} requests`);
    }
  } finally {
    await proxy.stop();
  }
  const settled = samples.filter(([requests]) => requests >= wanted * WARM_SHARE);
  const third = Math.max(1, Math.floor(settled.length / 3));
  const kbOf = (part: typeof samples): number => spread(part.map(([, kb]) => kb)).median;
  const [early, late] = [kbOf(settled.slice(0, third)), kbOf(settled.slice(-third))];
  const bytesPerRequest = slope(settled) * 1_024;
  return {
    title: `RSS over ${wanted} requests (JSON and SSE by turns)`,
    columns: ["requests", "RSS, MiB"],
    rows: samples.map(([requests, kb]) => [`${requests}`, megabytes(kb)]),
    notes: [
      `slope after the first ${100 * WARM_SHARE} %: ${number(bytesPerRequest, 0)} bytes a request`,
      `flat means: the median of the last third ≤ ${FLAT} × that of the first third, after the first ${100 * WARM_SHARE} %`,
    ],
    goals: [
      {
        text: `RSS flat over ${wanted} requests`,
        measured: `${megabytes(early)} → ${megabytes(late)} MiB, ${number(bytesPerRequest, 0)} bytes a request`,
        isMet: rig.options.isControl || !Number.isFinite(late) ? null : late <= FLAT * early,
      },
    ],
  };
}
