/**
 * A ledger like a company's, written before a gateway opens it: sixty days of people at work, with nights, weekends, and a bad
 * afternoon. Without chance: the same figures each time.
 */
import { openStore } from "../../db/open.ts";
import type { LedgerRow } from "../../db/store.ts";
import { createIdSource } from "../../worker/ids.ts";

const DAYS = 60;
const HOUR_MS = 3_600_000;
const PEOPLE = [
  ["ann@example.com", "platform"],
  ["bo@example.com", "platform"],
  ["carla@example.com", "research"],
  ["dmitri@example.com", "research"],
  ["eun-ji@example.com", "support"],
  ["farid@example.com", "support"],
  ["greta@example.com", "design"],
  ["ci-runner", "platform"],
] as const;
const MODELS = [
  { provider: "anthropic", model: "claude-sonnet-4-5", input: 3_000_000n, output: 15_000_000n },
  { provider: "openai", model: "gpt-5-mini", input: 250_000n, output: 2_000_000n },
  { provider: "anthropic", model: "claude-haiku-4-5", input: 1_000_000n, output: 5_000_000n },
  { provider: "openai", model: "gpt-5", input: 1_250_000n, output: 10_000_000n },
  { provider: "local", model: "qwen3-32b", input: 0n, output: 0n },
] as const;
/** Who asks, in turn: some more than others. */
const TURNS = [0, 2, 0, 7, 4, 1, 0, 2, 3, 5, 0, 2, 1, 6, 7, 0, 4, 2, 1, 3, 0, 7, 2] as const;
/** Of a working day, hour by hour. */
const RHYTHM = [1, 0, 0, 0, 0, 1, 2, 4, 8, 11, 12, 10, 7, 10, 12, 11, 9, 7, 4, 3, 2, 2, 1, 1];

/** @param nowMs the newest row lies before it */
export async function seedLedger(dataDir: string, nowMs: number): Promise<number> {
  const store = await openStore({ dataDir, ledgerSync: "normal" });
  let written = 0;
  let timeMs = nowMs;
  const ids = createIdSource(() => timeMs, null);
  for (let hour = DAYS * 24; hour > 0; hour--) {
    const startMs = nowMs - hour * HOUR_MS;
    const at = new Date(startMs);
    const isWeekend = [0, 6].includes(at.getUTCDay());
    const growth = 1 + (DAYS * 24 - hour) / (DAYS * 24);
    const count = Math.round((RHYTHM[at.getUTCHours()] ?? 0) * growth * (isWeekend ? 0.15 : 1));
    const rows = Array.from({ length: count }, (_, index) => {
      timeMs = startMs + Math.floor((index / count) * HOUR_MS);
      return makeRow(written + index, timeMs, ids, hour > 50 && hour < 55);
    });
    await Promise.all(rows.map((row) => store.ledger.append(row)));
    written += count;
  }
  await store.close();
  return written;
}

function makeRow(
  index: number,
  timeMs: number,
  ids: ReturnType<typeof createIdSource>,
  isBadHour: boolean,
): LedgerRow {
  // Steps that share no factor with the lists visit them in no visible order.
  const [user, team] = PEOPLE[TURNS[index % TURNS.length] ?? 0] ?? PEOPLE[0];
  const chosen = MODELS[(index * 3 + (index % 7)) % MODELS.length] ?? MODELS[0];
  const inputTokens = 900 + ((index * 7_919) % 64_000);
  const outputTokens = 60 + ((index * 104_729) % 1_900);
  const isFault = isBadHour ? index % 3 === 0 : index % 61 === 0;
  const cached = index % 2 === 0 ? Math.floor(inputTokens * 0.6) : 0;
  const isUnpriced = chosen.model === "qwen3-32b";
  const saved = index % 9 === 0 ? Math.floor(inputTokens / 5) : 0;
  return {
    id: ids.rowId(),
    timeMs,
    traceId: ids.traceId(),
    attempt: 1,
    session: `session-${Math.floor(index / 18)}`,
    user: index % 29 === 0 ? null : user,
    team: index % 29 === 0 ? null : team,
    attribution: "key",
    keyId: `key_Seed${String(index % 6).padStart(12, "0")}`,
    credential: "managed",
    endpoint: "chat",
    dialect: chosen.provider === "anthropic" ? "anthropic-messages" : "openai-chat",
    provider: chosen.provider,
    modelRequested: chosen.model,
    modelServed: chosen.model,
    stream: index % 4 !== 0,
    inputTokens,
    cachedInputTokens: cached,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: isFault ? 0 : outputTokens,
    reasoningTokens: 0,
    serviceTier: "default",
    usageSource: isFault ? "none" : "provider",
    costPicoUsd: isUnpriced
      ? null
      : isFault
        ? 0n
        : BigInt(inputTokens) * chosen.input + BigInt(outputTokens) * chosen.output,
    priceVersion: isUnpriced ? null : "seed",
    unpriced: isUnpriced,
    latencyMs: 600 + ((index * 3_571) % 7_000) + (isBadHour ? 9_000 : 0),
    ttfbMs: 180 + ((index * 37) % 900),
    status: isFault ? 502 : 200,
    upstreamStatus: isFault ? 503 : 200,
    outcome: isFault ? "upstream_error" : "ok",
    savedInputTokens: saved,
    savedPicoUsd: BigInt(saved) * chosen.input,
    finishReason: isFault ? null : "stop",
    contentMode: "off",
    callerSpan: null,
    metadata: null,
  };
}
