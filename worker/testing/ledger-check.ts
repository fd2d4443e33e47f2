/**
 * What the ledger of a gateway process must hold after a client's call against the mock provider. A session is how the
 * rows of one test are told from all others.
 */
import { expect } from "bun:test";
import type { LedgerRecord } from "../routes/admin/spend-json.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { servedModel, TOKENS } from "./mock-answers.ts";
import type { MockProvider, SeenRequest } from "./mock-provider.ts";

const ROW_LIMIT_MS = 5_000;

/** Where a call is to stand in the ledger. */
export interface Account {
  readonly endpoint: string;
  readonly dialect: string;
  readonly provider: string;
  /** Default: as for OpenAI's generation. */
  readonly tokens?: (typeof TOKENS)["openai" | "anthropic" | "embeddings"];
}

export interface Expected extends Account {
  readonly model: string;
  readonly stream: boolean;
}

export const CHAT: Account = { endpoint: "chat", dialect: "openai-chat", provider: "mock" };
export const COMPLETIONS: Account = {
  endpoint: "completions",
  dialect: "openai-completions",
  provider: "mock",
};
export const RESPONSES: Account = {
  endpoint: "responses",
  dialect: "openai-responses",
  provider: "mock",
};
export const EMBEDDINGS: Account = {
  endpoint: "embeddings",
  dialect: "openai-embeddings",
  provider: "mock",
  tokens: TOKENS.embeddings,
};
export const MESSAGES: Account = {
  endpoint: "messages",
  dialect: "anthropic-messages",
  provider: "claude",
  tokens: TOKENS.anthropic,
};

export class LedgerCheck {
  readonly #gateway: GatewayProcess;
  readonly #provider: MockProvider;

  constructor(gateway: GatewayProcess, provider: MockProvider) {
    this.#gateway = gateway;
    this.#provider = provider;
  }

  /** What the provider got with the session's name in `x-test-id`. */
  seen(session: string): readonly SeenRequest[] {
    return this.#provider.seen.filter((entry) => entry.testId === session);
  }

  /** The session's rows, oldest first, once there are as many. */
  async rowsOf(session: string, count: number): Promise<readonly LedgerRecord[]> {
    const limit = Date.now() + ROW_LIMIT_MS;
    for (;;) {
      const rows = await this.#gateway.records({ session });
      if (rows.length >= count || Date.now() > limit) {
        expect(rows.length).toBe(count);
        return rows.toReversed();
      }
      await sleep(10);
    }
  }

  /** The one row of a call that went well; the row is there as soon as the client has its answer. */
  async expectOk(session: string, expected: Expected): Promise<void> {
    const rows = await this.#gateway.records({ session });
    expect(rows.map(summary)).toEqual([okRow(expected)]);
  }

  /** A stream that the client left: the provider sees it, and the row says so. */
  async expectAborted(session: string, endpoint: string): Promise<void> {
    const [row] = await this.rowsOf(session, 1);
    expect([row?.outcome, row?.status, row?.endpoint, row?.usage_source]).toEqual([
      "aborted",
      499,
      endpoint,
      "estimated",
    ]);
    // The seed of Anthropic's stream says 1: what came until the client left is more.
    expect(row?.output_tokens).toBeGreaterThanOrEqual(5);
    expect(row?.output_tokens).toBeLessThan(500);
    const limit = Date.now() + ROW_LIMIT_MS;
    while (this.seen(session)[0]?.hasHungUp === false && Date.now() < limit) await sleep(10);
    expect(this.seen(session).map((entry) => entry.hasHungUp)).toEqual([true]);
  }

  /** A client that was told to wait, waited, and then was answered. */
  async expectRetried(session: string, startedAt: number, expected: Expected) {
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950);
    const rows = await this.rowsOf(session, 2);
    expect([rows[0]?.outcome, rows[0]?.status, rows[0]?.upstream_status]).toEqual([
      "upstream_error",
      429,
      429,
    ]);
    expect([rows[0]?.input_tokens, rows[0]?.output_tokens, rows[0]?.cost_usd]).toEqual([
      0,
      0,
      "0.000000000000",
    ]);
    expect(rows.slice(1).map(summary)).toEqual([okRow(expected)]);
    expect(rows[0]?.trace_id).not.toBe(rows[1]?.trace_id);
  }
}

function okRow(expected: Expected) {
  const tokens = expected.tokens ?? TOKENS.openai;
  return {
    endpoint: expected.endpoint,
    dialect: expected.dialect,
    provider: expected.provider,
    model_requested: `${expected.provider}/${expected.model}`,
    model_served: servedModel(expected.model),
    stream: expected.stream,
    tokens,
    usage_source: "provider",
    outcome: "ok",
    status: 200,
    upstream_status: 200,
    attempt: 1,
  };
}

function summary(row: LedgerRecord) {
  return {
    endpoint: row.endpoint,
    dialect: row.dialect,
    provider: row.provider,
    model_requested: row.model_requested,
    model_served: row.model_served,
    stream: row.stream,
    tokens: {
      input: row.input_tokens,
      cached: row.cached_input_tokens,
      cacheWrite: row.cache_write_tokens,
      output: row.output_tokens,
      reasoning: row.reasoning_tokens,
    },
    usage_source: row.usage_source,
    outcome: row.outcome,
    status: row.status,
    upstream_status: row.upstream_status,
    attempt: row.attempt,
  };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
