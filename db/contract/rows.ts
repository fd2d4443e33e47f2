/** Rows for the contract suites: every column filled, ids as the gateway mints them. Deterministic. */
import type { LedgerRow } from "../store.ts";

/** 2026-10-20T00:00:00Z: before the clocks change in Europe. */
export const START_MS = Date.UTC(2026, 9, 20);

/** A UUIDv7 in form and order: the time, then a count. */
export function uuidAt(timeMs: number, count: number): string {
  const time = timeMs.toString(16).padStart(12, "0");
  return `${time}7000${"8000"}${count.toString(16).padStart(12, "0")}`;
}

export function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

let count = 0;

/** A complete row, newer than every one made before; its trace id is minted at its `timeMs`. */
export function makeRow(members: Partial<LedgerRow> = {}): LedgerRow {
  count += 1;
  const timeMs = members.timeMs ?? START_MS + count;
  return {
    id: dashed(uuidAt(START_MS + 2 ** 40, count)),
    timeMs,
    traceId: uuidAt(timeMs, count),
    attempt: 1,
    session: "session-1",
    user: "josé@example.com",
    team: "team 1",
    attribution: "key",
    keyId: "key_0123456789abcdef",
    credential: "managed",
    endpoint: "chat",
    dialect: "openai-chat",
    provider: "demo",
    modelRequested: "demo/small",
    modelServed: "small-1",
    stream: true,
    inputTokens: 10,
    cachedInputTokens: 3,
    cacheWriteTokens: 2,
    cacheWrite1hTokens: 1,
    outputTokens: 5,
    reasoningTokens: 4,
    serviceTier: "default",
    usageSource: "provider",
    costPicoUsd: 1_500_000n,
    priceVersion: "prices-1",
    unpriced: false,
    latencyMs: 120,
    ttfbMs: 30,
    status: 200,
    upstreamStatus: 200,
    outcome: "ok",
    savedInputTokens: 0,
    savedPicoUsd: 0n,
    finishReason: "stop",
    contentMode: "encrypted",
    callerSpan: `${"0af7651916cd43dd8448eb211c80319c"}-b7ad6b7169203331-link`,
    metadata: '{"project":"apollo 11","stage":"test"}',
    ...members,
  };
}

/** What may be missing in a row is missing. */
export function makeBareRow(members: Partial<LedgerRow> = {}): LedgerRow {
  return makeRow({
    session: null,
    user: null,
    team: null,
    attribution: "none",
    provider: null,
    modelRequested: null,
    modelServed: null,
    serviceTier: null,
    usageSource: "none",
    costPicoUsd: null,
    priceVersion: null,
    unpriced: true,
    latencyMs: null,
    ttfbMs: null,
    status: null,
    upstreamStatus: null,
    outcome: "crashed",
    metadata: null,
    ...members,
  });
}

/** The same numbers on every run, each ≥ 0 and < 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
