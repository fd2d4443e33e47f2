/**
 * Everything from outside that the gateway's core may touch, handed in by the composition root (`main.ts`, `deno.ts`, tests).
 * No module below keeps state of its own beyond what stands here.
 */
import type { Access } from "./accounts/access.ts";
import type { Passwords } from "./accounts/password.ts";
import type { SignIn } from "./accounts/sign-in.ts";
import type { Store } from "../db/store.ts";
import type { Checkpoints } from "./audit/checkpoints.ts";
import type { ContentRecorder } from "./content/recorder.ts";
import type { Sealer } from "./content/sealer.ts";
import type { ClaimedNames } from "./pipeline/claimed-names.ts";
import type { ClientKeys } from "./pipeline/client-keys.ts";
import type { Counters } from "./telemetry/counters.ts";
import type { Histograms } from "./telemetry/histograms.ts";
import type { Log } from "./telemetry/log.ts";
import type { Quotas } from "./limits/quotas.ts";
import type { Egress } from "./egress.ts";
import type { Keyring } from "./encryption/keyring.ts";
import type { IdSource } from "./ids.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { LiveRequests } from "./pipeline/live-requests.ts";
import type { Catalogue } from "./pricing/catalogue.ts";
import type { Pricing } from "./pricing/cost.ts";
import type { TraceBackend } from "./traces/backend/backend.ts";
import type { Exporter } from "./traces/exporter.ts";
import type { RoundTripWatch } from "./traces/round-trip-watch.ts";
import type { Routing } from "./pipeline/target.ts";
import type { Privacy } from "./privacy/privacy.ts";
import type { Roster } from "./providers/roster.ts";
import type { RetentionWindows } from "./retention-windows.ts";
import type { RandomBytes } from "./secret-text.ts";
import type { Settler } from "./pipeline/settle.ts";
import type { SharedKeys } from "./shared-keys.ts";

export interface Clock {
  /** Wall clock, ms since 1970 UTC. */
  now(): number;
  /** Never goes back, ms with fractions. */
  monotonic(): number;
}

export interface Limits {
  readonly maxBodyBytes: number;
  /** Longest silence on a stream before a comment is sent. */
  readonly keepAliveMs: number;
  readonly idleMs: number;
  /** 0: none. */
  readonly totalMs: number;
  /** Older traces are not shown; null: all are. */
  readonly keepTracesMs: number | null;
}

export interface Deps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly counters: Counters;
  readonly histograms: Histograms;
  readonly store: Store;
  readonly clientKeys: ClientKeys;
  readonly claimedUsers: ClaimedNames;
  readonly claimedTeams: ClaimedNames;
  /** In force now: what a request has begun with stays its own. */
  readonly routing: Routing;
  /** Further members of the metadata header that the ledger keeps. */
  readonly metadataKeys: readonly string[];
  readonly pricing: Pricing;
  readonly findPrice: Catalogue["find"];
  /** What was stored counts from now on. */
  readonly reloadPrices: () => Promise<void>;
  readonly settler: Settler;
  readonly quotas: Quotas;
  /** As configured and set; secrets among it, to be shown as fingerprints. */
  readonly providers: Roster;
  /** For what administrators set and nobody may read. */
  readonly keyring: Keyring;
  /** Null: this gateway has its database for itself. */
  readonly sharedKeys: Pick<SharedKeys, "problem"> | null;
  /** What has crossed the way out. */
  readonly boundary: Pick<Egress, "report" | "refusedElsewhere">;
  /** Of the audit log. */
  readonly checkpoints: Pick<Checkpoints, "all" | "publicKey">;
  /** ms since 1970. */
  readonly startedAtMs: number;
  /** Where tools find the gateway, an origin; null: where they reached it. */
  readonly publicUrl: string | null;
  /** What administrators should know of the deployment: closed words. */
  readonly warnings: readonly string[];
  readonly live: LiveRequests;
  readonly liveFeed: LiveFeed;
  readonly content: ContentRecorder;
  readonly subjects: Pick<Sealer, "subjects" | "erase" | "erased">;
  readonly privacy: Privacy;
  /** Fingerprints of those without whose private key nobody reads content; empty: the master key is enough. */
  readonly recipients: readonly string[];
  readonly retention: RetentionWindows;
  /** What share of the traces leaves the machine, 0 to 1. */
  readonly sampledShare: number;
  /** Whether a caller's span becomes the parent of ours, instead of a link. */
  readonly trustCallers: boolean;
  /** Null: no span leaves the machine. */
  readonly exporter: Exporter | null;
  /** Null: traces are read from the own store. */
  readonly traceBackend: TraceBackend | null;
  /** Null without a back end. */
  readonly roundTrips: RoundTripWatch | null;
  /** Tokens of a text by our own count. Never rejects. */
  readonly countTokens: (text: string) => Promise<number>;
  readonly limits: Limits;
  readonly access: Access;
  readonly passwords: Passwords;
  readonly signIn: SignIn;
  /** `n` bytes that nobody can guess. */
  readonly random: RandomBytes;
  readonly metricsToken: string | null;
}
