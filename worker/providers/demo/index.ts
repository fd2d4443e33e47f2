/**
 * A provider without a network: in process, deterministic, for the first `curl` and the first page, and for tests. It
 * streams, counts tokens, calls tools, and fails on demand; `DEMO_MODELS` says how. It never gives the prompt back.
 */
import type { AnyEndpoint } from "../../chat.ts";
import { KIND_ENDPOINTS } from "../../config/provider-settings.ts";
import { DEMO_PRICE_ID } from "../../config/price-id.ts";
import type { Provider } from "../provider.ts";
import { DemoExchange, type After } from "./exchange.ts";
import { DEMO_MODELS } from "./models.ts";
import { planAnswer } from "./plan.ts";

export { DEMO_MODELS, type DemoModel } from "./models.ts";

export interface DemoOptions {
  /** The operator's name for it; `demo`. */
  readonly name?: string;
  /** What the operator listed; null or left out: all of `DEMO_MODELS`. */
  readonly models?: readonly string[] | null;
  readonly endpoints?: ReadonlySet<AnyEndpoint>;
  readonly streamUsage?: boolean;
  /** Ms a token takes; 5. */
  readonly tokenMs?: number;
  /** Wall clock, ms since 1970. */
  readonly now?: () => number;
  readonly after?: After;
}

export function createDemoProvider(options: DemoOptions = {}): Provider {
  const now = options.now ?? Date.now;
  const after = options.after ?? afterTimeout;
  const tokenMs = options.tokenMs ?? 5;
  // All that it has, and no more: a name that it has not is unknown here, and is left to an open provider beside it.
  const models = options.models ?? DEMO_MODELS.map((model) => model.id);
  let requests = 0;

  return {
    name: options.name ?? "demo",
    endpoints: options.endpoints ?? new Set(KIND_ENDPOINTS.demo),
    models,
    catalogue: models,
    streamUsage: options.streamUsage ?? true,
    priceId: DEMO_PRICE_ID,
    send(request) {
      requests += 1;
      const { plan, slowness } = planAnswer(request, { nowMs: now(), serial: requests });
      return new DemoExchange(plan, { after, tokenMs: tokenMs * slowness });
    },
  };
}

const afterTimeout: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
