/**
 * Does a request cost more with a large ledger? The same gateway over an empty data directory and over one that holds a million
 * rows, by turns.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startReader } from "../children.ts";
import { number, type Section } from "../report.ts";
import { NORMAL, type GatewayKind, type Rig, startProxy } from "../rig.ts";
import { spread } from "../stats.ts";
import { measureFixedRate } from "./fixed-rate.ts";
import { measureRounds, ratios } from "./peak.ts";

const LOAD = { shape: "json", sizeBytes: 600 } as const;
/** Independent: within the rig's own noise from run to run. */
const INDEPENDENT = 0.95;

/** Rows whose sums are made in a ms, at the least. */
const SUMMED_A_MS = 40;

async function filledKind(rig: Rig): Promise<GatewayKind> {
  const { ledgerRows } = rig.options;
  const dataDir = join(rig.tempDir, "data", "filled");
  mkdirSync(dataDir, { recursive: true });
  rig.progress(`ledger: writing ${ledgerRows} rows`);
  const startMs = performance.now();
  await startReader({
    name: "ledger filler",
    argv: [process.execPath, join(import.meta.dirname, "../fill.ts"), dataDir, String(ledgerRows)],
    cores: null,
    logPath: join(rig.tempDir, "fill.log"),
  }).output;
  rig.progress(`ledger: ${ledgerRows} rows in ${number((performance.now() - startMs) / 1_000)} s`);
  const kind: GatewayKind = { ...NORMAL, name: `gateway, ${ledgerRows} rows`, dataDir };
  const gateway = await startProxy(rig, kind);
  // Its sums are made once, behind the requests, on the same core: that is not what a request costs.
  await Bun.sleep(ledgerRows / SUMMED_A_MS);
  await gateway.stop();
  return kind;
}

export async function measureLedger(rig: Rig): Promise<Section> {
  const { ledgerPairs, ledgerRows, isControl } = rig.options;
  const empty: GatewayKind = { ...NORMAL, name: "gateway, empty ledger" };
  const filled: GatewayKind = isControl ? { ...NORMAL, name: "control" } : await filledKind(rig);
  const kinds = [empty, filled];
  const [peaks = []] = await measureRounds(rig, kinds, ledgerPairs, [LOAD]);
  const [emptyPeaks = [], filledPeaks = []] = peaks;
  const ratio = spread(ratios(filledPeaks, emptyPeaks));
  const rate = Math.round(spread(emptyPeaks.map((peak) => peak.requestsPerSecond)).median / 2);
  const rows: string[][] = [];
  for (const [index, kind] of kinds.entries()) {
    const { whole } = await measureFixedRate(rig, kind, LOAD, rate);
    rig.progress(`ledger: ${kind.name} p50 ${number(whole.p50, 2)} ms at ${rate}/s`);
    rows.push([
      kind.name,
      number(spread((peaks[index] ?? []).map((peak) => peak.requestsPerSecond)).median),
      number(whole.p50, 2),
      number(whole.p99, 2),
    ]);
  }
  const spreadText = `${number(ratio.min, 2)}–${number(ratio.max, 2)}, ${ledgerPairs} pairs`;
  return {
    title: "Cost of a request and size of the ledger (JSON, 600 bytes)",
    columns: ["proxy", "requests/s, median", `p50 at ${rate}/s, ms`, "p99, ms"],
    rows,
    notes: [
      ...kinds.map(
        (kind, index) =>
          `requests/s by round, ${kind.name}: ${(peaks[index] ?? []).map((peak) => peak.requestsPerSecond.toFixed(0)).join(", ")}`,
      ),
      "the filled directory is used again in every round and grows by what the rounds add",
    ],
    goals: [
      {
        text: `cost of a request independent of the ledger's size (≥ ${INDEPENDENT} × with ${ledgerRows} rows)`,
        measured: `${number(ratio.median, 2)} (${spreadText})`,
        isMet: isControl ? null : ratio.median >= INDEPENDENT,
      },
    ],
  };
}
