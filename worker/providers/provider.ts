/**
 * What the pipeline knows of a provider: the type only. A provider's own name and habits stay in its folder and the registry.
 */
import type { AnyEndpoint } from "../chat.ts";
import type { Exchange, HeaderList, Upload } from "../egress.ts";

/** One HTTP request to a provider, in the caller's own bytes. */
export interface ProviderRequest {
  readonly endpoint: AnyEndpoint;
  readonly method: "POST" | "GET" | "DELETE";
  /** Below the provider's base URL, with a leading slash: `/chat/completions`. No query. */
  readonly path: string;
  /** The caller's query string without `?`; empty if none. */
  readonly query: string;
  /** The caller's headers after the boundary's filter: no credential, nothing hop-by-hop. Names in lower case. */
  readonly headers: HeaderList;
  /** Slices of the body in order; written without being joined or copied. */
  readonly body: readonly Uint8Array[];
  /** Instead of `body`: one that comes while it is sent. */
  readonly upload?: Upload;
  /** Over a connection of its own, so that it can't have to be sent again. */
  readonly isOnce?: true;
  /** The caller's own credential header in pass-through, else null: the configured credential is used. */
  readonly callerCredential: readonly [name: string, value: string] | null;
}

export interface Provider {
  /** The operator's name for it: `[a-z0-9][a-z0-9_.-]*`. Stands in the ledger and before the `/` of `provider/model`. */
  readonly name: string;
  readonly endpoints: ReadonlySet<AnyEndpoint>;
  /** What the operator listed; null: whatever the provider has. */
  readonly models: readonly string[] | null;
  /** What bare names and `/v1/models` can offer: `models`, else the price data's list for this provider. */
  readonly catalogue: readonly string[];
  /** Whether `stream_options.include_usage` may be asked of it. */
  readonly streamUsage: boolean;
  /** The id under which the price data knows it; null: unpriced unless overridden. */
  readonly priceId: string | null;
  /** MUST NOT throw: failures come through the exchange. */
  send(request: ProviderRequest): Exchange;
}
