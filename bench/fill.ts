/**
 * Writes rows into the ledger of a data directory that no gateway has open, through the store's own port.
 *
 *     bun bench/fill.ts DATA_DIR ROWS
 *
 * The rows are spread over the last 30 days and over as many users, teams and sessions as a company might have.
 */
import { openStore } from "../db/open.ts";
import type { LedgerRow } from "../db/store.ts";
import { createIdSource } from "../worker/ids.ts";
import { MODEL } from "./payload.ts";

const BATCH = 2_000;
const SPAN_MS = 30 * 24 * 3_600_000;
const USERS = 1_000;
const TEAMS = 40;
const KEYS = 50;
const ROWS_PER_SESSION = 25;

const [dataDir = "", rowsText = ""] = process.argv.slice(2);
const rows = Number(rowsText);
const startMs = Date.now() - SPAN_MS;
let nowMs = startMs;
const ids = createIdSource(() => nowMs, null);

function row(index: number): LedgerRow {
  nowMs = startMs + Math.floor((index / rows) * SPAN_MS);
  // A multiplicative step visits the users in no order that an index would like.
  const user = (index * 7_919) % USERS;
  const inputTokens = 100 + (index % 4_000);
  const outputTokens = 20 + (index % 900);
  return {
    id: ids.rowId(),
    timeMs: nowMs,
    traceId: ids.traceId(),
    attempt: 1,
    session: `session-${Math.floor(index / ROWS_PER_SESSION)}`,
    user: `user-${user}@example.com`,
    team: `team-${user % TEAMS}`,
    attribution: "key",
    keyId: `key_Bench${String(user % KEYS).padStart(11, "0")}`,
    credential: "managed",
    endpoint: "chat",
    dialect: "openai-chat",
    provider: "mock",
    modelRequested: MODEL,
    modelServed: MODEL,
    stream: index % 2 === 0,
    inputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens,
    reasoningTokens: 0,
    serviceTier: "default",
    usageSource: "provider",
    costPicoUsd: BigInt(inputTokens * 150_000 + outputTokens * 600_000),
    priceVersion: "bench",
    unpriced: false,
    latencyMs: 900,
    ttfbMs: 300,
    status: 200,
    upstreamStatus: 200,
    outcome: "ok",
    savedInputTokens: 0,
    savedPicoUsd: 0n,
    finishReason: "stop",
    contentMode: "off",
    callerSpan: null,
    metadata: null,
  };
}

const store = await openStore({ dataDir, ledgerSync: "normal" });
for (let done = 0; done < rows;) {
  // One turn of the event loop, so one commit.
  const batch: Promise<void>[] = [];
  for (const end = Math.min(rows, done + BATCH); done < end; done++) {
    batch.push(store.ledger.append(row(done)));
  }
  await Promise.all(batch);
}
await store.close();
