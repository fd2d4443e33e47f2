/**
 * Writes rows into the ledger of a data directory that no gateway has open, through the store's own port.
 *
 *     bun bench/fill.ts DATA_DIR ROWS [KEYS]
 *
 * The rows are spread over the last 30 days and over as many users, teams, models and sessions as a company might have; over 50 keys,
 * unless more are asked for: then each user has as many of them as there are to the other users.
 */
import { createRandom } from "../db/contract/rows.ts";
import { openStore } from "../db/open.ts";
import type { LedgerRow } from "../db/store.ts";
import { createIdSource } from "../worker/ids.ts";
import { MODEL } from "./payload.ts";

const BATCH = 2_000;
const SPAN_MS = 30 * 24 * 3_600_000;
const USERS = 1_000;
const TEAMS = 40;
/** As a year of use leaves them: a few models for most, some for few. */
const OFFERS = [
  ["mock", MODEL, "chat", "openai-chat"],
  ["mock", "large-1", "chat", "openai-chat"],
  ["mock", "large-1", "responses", "openai-responses"],
  ["mock", "embed-1", "embeddings", "openai-embeddings"],
  ["other", "medium-3", "chat", "openai-chat"],
  ["other", "small-3", "chat", "openai-chat"],
  ["claude", "big-4", "messages", "anthropic-messages"],
  ["claude", "quick-4", "messages", "anthropic-messages"],
] as const;
const OUTCOMES = ["aborted", "upstream_error", "timeout", "cut"] as const;
const MODEL_PICO_USD = 150_000;
const ROWS_PER_SESSION = 25;

const [dataDir = "", rowsText = "", keysText = "50"] = process.argv.slice(2);
const rows = Number(rowsText);
const keys = Number(keysText);
const startMs = Date.now() - SPAN_MS;
let nowMs = startMs;
const ids = createIdSource(() => nowMs, null);

const random = createRandom(20261125);
const below = (limit: number): number => Math.floor(random() * limit);

function row(index: number): LedgerRow {
  nowMs = startMs + Math.floor((index / rows) * SPAN_MS);
  // By chance, and in no order that an index would like; the same in every run.
  const user = below(USERS);
  const [provider, model, endpoint, dialect] = OFFERS[below(OFFERS.length)] ?? OFFERS[0];
  // Three of a hundred go wrong.
  const outcome = below(33) === 0 ? (OUTCOMES[below(OUTCOMES.length)] ?? "cut") : "ok";
  // With more keys than users: one of the user's own, as a laptop, a build and a notebook might have.
  const key = keys <= USERS ? user % keys : (user + USERS * below(Math.ceil(keys / USERS))) % keys;
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
    keyId: `key_Bench${String(key).padStart(11, "0")}`,
    credential: "managed",
    endpoint,
    dialect,
    provider,
    modelRequested: model,
    modelServed: outcome === "ok" ? model : null,
    stream: index % 2 === 0,
    inputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens,
    reasoningTokens: 0,
    serviceTier: "default",
    usageSource: "provider",
    costPicoUsd: BigInt((inputTokens + outputTokens * 4) * MODEL_PICO_USD),
    priceVersion: "bench",
    unpriced: false,
    latencyMs: 900,
    ttfbMs: 300,
    status: 200,
    upstreamStatus: 200,
    outcome,
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
