/**
 * Rate limits: requests a minute, tokens a minute, requests at once. Buckets that fill evenly, in memory. Tokens are taken when they
 * are known, so that a bucket may go below empty: the next requests wait until that is made up for.
 */
import type { RateLimit } from "../../db/store.ts";
import type { Family } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import { ScopeIndex, subjectOf, type Payer } from "./scope.ts";

const MINUTE_MS = 60_000;
/** Buckets that are full again are forgotten when there are this many. */
const MAX_BUCKETS = 20_000;

interface Bucket {
  limit: RateLimit;
  /** What may be taken at once, as of `atMs`. */
  requests: number;
  tokens: number;
  /** Monotonic. */
  atMs: number;
  live: number;
}

type Unit = "requests" | "tokens";
type HeaderList = readonly (readonly [name: string, value: string])[];

export interface RatesOptions {
  /** Monotonic ms. */
  readonly monotonic: () => number;
  /** ms since 1970. */
  readonly now: () => number;
}

export class Rates {
  readonly #options: RatesOptions;
  #index = new ScopeIndex<RateLimit>([]);
  #limits: readonly RateLimit[] = [];
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RatesOptions) {
    this.#options = options;
  }

  get all(): readonly RateLimit[] {
    return this.#limits;
  }

  setLimits(limits: readonly RateLimit[]): void {
    const kept = new Map(limits.map((limit) => [limit.id, limit]));
    for (const [place, bucket] of this.#buckets) {
      const limit = kept.get(bucket.limit.id);
      if (limit === undefined) this.#buckets.delete(place);
      else bucket.limit = limit;
    }
    this.#limits = limits;
    this.#index = new ScopeIndex(limits);
  }

  /**
   * Null where no limit concerns the request.
   * @throws GatewayError `rate_limited`; nothing is taken then
   */
  admit(payer: Payer, family: Family): RateHold | null {
    const limits = this.#index.of(payer);
    if (limits.length === 0) return null;
    const buckets = limits.flatMap((limit) => {
      const subject = subjectOf(limit, payer);
      return subject === null ? [] : [this.#bucket(limit, subject)];
    });
    const nowMs = this.#options.now();
    for (const bucket of buckets) check(bucket, family, nowMs);
    for (const bucket of buckets) {
      bucket.requests -= 1;
      bucket.live += 1;
    }
    return new RateHold(buckets, leftOf(buckets, family, nowMs));
  }

  #bucket(limit: RateLimit, subject: string): Bucket {
    const place = `${limit.id} ${subject}`;
    const known = this.#buckets.get(place);
    if (known !== undefined) {
      fill(known, this.#options.monotonic());
      return known;
    }
    if (this.#buckets.size >= MAX_BUCKETS) this.#forgetFull();
    const bucket: Bucket = {
      limit,
      requests: limit.requestsPerMinute ?? 0,
      tokens: limit.tokensPerMinute ?? 0,
      atMs: this.#options.monotonic(),
      live: 0,
    };
    this.#buckets.set(place, bucket);
    return bucket;
  }

  #forgetFull(): void {
    const now = this.#options.monotonic();
    for (const [place, bucket] of this.#buckets) {
      fill(bucket, now);
      const { requestsPerMinute, tokensPerMinute } = bucket.limit;
      const isFull =
        bucket.requests >= (requestsPerMinute ?? 0) && bucket.tokens >= (tokensPerMinute ?? 0);
      if (isFull && bucket.live === 0) this.#buckets.delete(place);
    }
  }
}

/** What one request has taken. */
export class RateHold {
  readonly #buckets: readonly Bucket[];
  /** What was left when it was admitted, in the headers of the caller's family. */
  readonly headers: HeaderList;
  #isReleased = false;

  constructor(buckets: readonly Bucket[], headers: HeaderList) {
    this.#buckets = buckets;
    this.headers = headers;
  }

  spend(tokens: number): void {
    for (const bucket of this.#buckets) bucket.tokens -= tokens;
  }

  /** The request has ended. Once. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const bucket of this.#buckets) bucket.live -= 1;
  }
}

function fill(bucket: Bucket, nowMs: number): void {
  const minutes = Math.max(0, nowMs - bucket.atMs) / MINUTE_MS;
  bucket.atMs = nowMs;
  for (const unit of ["requests", "tokens"] as const) {
    const perMinute = perMinuteOf(bucket.limit, unit) ?? 0;
    bucket[unit] = Math.min(perMinute, bucket[unit] + minutes * perMinute);
  }
}

function perMinuteOf(limit: RateLimit, unit: Unit): number | null {
  return unit === "requests" ? limit.requestsPerMinute : limit.tokensPerMinute;
}

/** @throws GatewayError `rate_limited` */
function check(bucket: Bucket, family: Family, nowMs: number): void {
  const { limit } = bucket;
  if (isStop(limit)) throw stopped(limit);
  if (limit.concurrent !== null && bucket.live >= limit.concurrent) {
    throw new GatewayError("rate_limited", {
      hint: `At most ${limit.concurrent} requests at once.`,
      headers: { "retry-after": "1", "x-anyray-limit": limit.id },
    });
  }
  for (const unit of ["requests", "tokens"] as const) {
    const perMinute = perMinuteOf(limit, unit);
    const missing = (unit === "requests" ? 1 : 0) - bucket[unit];
    // Of tokens none may be owed; of requests one whole must be there.
    if (perMinute === null || (unit === "requests" ? missing <= 0 : missing < 0)) continue;
    const waitMs = (Math.max(missing, 1) / perMinute) * MINUTE_MS;
    throw refused(limit, unit, { perMinute, remaining: bucket[unit], waitMs, nowMs }, family);
  }
}

function isStop({ requestsPerMinute, tokensPerMinute, concurrent }: RateLimit): boolean {
  return requestsPerMinute === 0 || tokensPerMinute === 0 || concurrent === 0;
}

/** Whoever waits, waits in vain: SDKs must not try again. */
function stopped({ id }: RateLimit): GatewayError {
  return new GatewayError("rate_limited", {
    hint: "This limit is 0: until an administrator changes it, nothing passes.",
    headers: { "x-should-retry": "false", "x-anyray-limit": id },
  });
}

interface Left {
  readonly perMinute: number;
  readonly remaining: number;
  readonly waitMs: number;
  readonly nowMs: number;
}

function refused(limit: RateLimit, unit: Unit, left: Left, family: Family): GatewayError {
  return new GatewayError("rate_limited", {
    hint: `At most ${left.perMinute} ${unit} a minute.`,
    headers: {
      ...Object.fromEntries(headersOf(unit, left, family)),
      "retry-after": String(secondsOf(left)),
      "x-anyray-limit": limit.id,
    },
  });
}

/** Of each unit the bucket with the least in it, and when it is full again. */
function leftOf(buckets: readonly Bucket[], family: Family, nowMs: number): HeaderList {
  return (["requests", "tokens"] as const).flatMap((unit) => {
    let least: Left | null = null;
    for (const bucket of buckets) {
      const perMinute = perMinuteOf(bucket.limit, unit);
      const remaining = bucket[unit];
      if (perMinute === null || (least !== null && least.remaining <= remaining)) continue;
      const waitMs = ((perMinute - remaining) / perMinute) * MINUTE_MS;
      least = { perMinute, remaining, waitMs, nowMs };
    }
    return least === null ? [] : headersOf(unit, least, family);
  });
}

function secondsOf({ waitMs }: Left): number {
  return Math.max(1, Math.ceil(waitMs / 1_000));
}

/** Where each family's SDKs and tools look: OpenAI's says how long, Anthropic's says when. */
function headersOf(unit: Unit, left: Left, family: Family): [string, string][] {
  const limit = String(left.perMinute);
  const remaining = String(Math.max(0, Math.floor(left.remaining)));
  return family === "openai"
    ? [
        [`x-ratelimit-limit-${unit}`, limit],
        [`x-ratelimit-remaining-${unit}`, remaining],
        [`x-ratelimit-reset-${unit}`, `${secondsOf(left)}s`],
      ]
    : [
        [`anthropic-ratelimit-${unit}-limit`, limit],
        [`anthropic-ratelimit-${unit}-remaining`, remaining],
        [`anthropic-ratelimit-${unit}-reset`, new Date(left.nowMs + left.waitMs).toISOString()],
      ];
}
