/**
 * From configuration to a gateway that can serve: opens nothing to the network, knows no runtime. The main files add the
 * listener, the signals and the terminal.
 */
import { randomBytes } from "node:crypto";
import type { Store } from "../db/store.ts";
import { Access } from "./accounts/access.ts";
import { createPasswords } from "./accounts/password.ts";
import { SignIn } from "./accounts/sign-in.ts";
import { createSigner } from "./audit/checkpoint.ts";
import { Checkpoints } from "./audit/checkpoints.ts";
import { createApp, type App } from "./app.ts";
import { createRecorder } from "./content/recorder.ts";
import { createSealer } from "./content/sealer.ts";
import type { Config } from "./config/load.ts";
import type { Place } from "./config/traces.ts";
import { deploymentWarnings } from "./config/warnings.ts";
import type { Clock, Deps } from "./deps.ts";
import { createKeyring } from "./encryption/keyring.ts";
import { recipientId } from "./encryption/recipients.ts";
import { consoleDestinations, createConsoleRelay } from "./console-relay.ts";
import { createEgress, type Destination, type EgressReport, type RelayCaller } from "./egress.ts";
import { addFirstKey } from "./first-key.ts";
import { createIdSource } from "./ids.ts";
import { Quotas } from "./limits/quotas.ts";
import { createWebhook, WEBHOOK, type WebhookOptions } from "./limits/webhook.ts";
import { ClaimedNames } from "./pipeline/claimed-names.ts";
import { ClientKeys } from "./pipeline/client-keys.ts";
import { LiveFeed } from "./live-feed.ts";
import { LiveRequests } from "./pipeline/live-requests.ts";
import { Settler } from "./pipeline/settle.ts";
import { Privacy } from "./privacy/privacy.ts";
import { createCatalogue, readOverrides } from "./pricing/catalogue.ts";
import { createPricing } from "./pricing/cost.ts";
import { createEstimator } from "./pricing/estimator.ts";
import { Roster } from "./providers/roster.ts";
import { RetentionWindows } from "./retention-windows.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { startRetention } from "./retention.ts";
import { followOthers, forgetReservations, loadUsage, openSharedKeys } from "./shared-database.ts";
import { Counters } from "./telemetry/counters.ts";
import { Histograms } from "./telemetry/histograms.ts";
import { createLog, type Log } from "./telemetry/log.ts";
import { createExporter, type Exporter, type ExporterOptions } from "./traces/exporter.ts";
import type { Resource } from "./traces/otlp.ts";
import {
  createResource,
  createRoundTrip,
  createTraceBackend,
  exportPath,
  traceDestinations,
} from "./traces/places.ts";
import { watchRoundTrips } from "./traces/round-trip-watch.ts";

/** In base64 it has 64 KiB: `max_attribute_bytes` of `otel-collector/tempo.yaml`. */
const TEMPO_INLINE_BYTES = 48 * 1024;
/** How often price overrides that another process wrote are read. */
const PRICES_MS = 5_000;

export interface Gateway {
  readonly app: App;
  readonly deps: Deps;
  /** Refuses new requests and waits for the live ones, up to the configured limit; then breaks them off. */
  drain(): Promise<void>;
  /** Joins a caller with the console inside; null: there is none that is reached through this gateway. */
  readonly relayToConsole: ((caller: RelayCaller) => void) | null;
  /** Closes everything. After `drain`, and after the last bytes have left. */
  close(): Promise<void>;
}

export interface GatewayOutside {
  readonly store: Store;
  /** What has crossed the boundary to the database; null: it is a file. */
  readonly databaseReport?: (() => EgressReport) | null;
  readonly clock: Clock;
  /** Takes a log line. */
  readonly logLine: (line: string) => void;
}

/**
 * Settles what an earlier process left open before anything is served.
 * @throws (rejects with) ConfigError where others share the database, and have other keys
 */
export async function createGateway(config: Config, outside: GatewayOutside): Promise<Gateway> {
  const { clock, store, databaseReport = null } = outside;
  const log = createLog(config.logLevel, () => clock.now(), outside.logLine);
  const counters = new Counters();
  const histograms = new Histograms();
  const { contentKey, retiredContentKeys } = config.secrets;
  const keyring = createKeyring(contentKey, retiredContentKeys);
  const signer = createSigner(config.secrets.auditKey);
  const sharedKeys = await openSharedKeys(store, {
    own: { kid: keyring.kid, kids: keyring.kids, auditKey: signer.publicKey },
    now: () => clock.now(),
  });
  const otherDestinations = [
    ...traceDestinations(config.traces),
    ...webhookDestinations(config.quotas.webhook),
    ...consoleDestinations(config.console.relayTo),
  ];
  const egress = createEgress({
    destinations: otherDestinations,
    connectMs: config.timeouts.connectMs,
    firstByteMs: config.timeouts.firstByteMs,
    now: () => clock.monotonic(),
  });
  let catalogue = await loadCatalogue(store, log);
  const pricing = createPricing(() => catalogue);
  const roster = await Roster.open({
    deployment: config,
    settings: store.settings,
    keyring,
    catalogue: () => catalogue,
    egress,
    otherDestinations,
    now: () => clock.now(),
    log,
  });
  const newestRowId = await store.ledger.newestId();
  const ids = createIdSource(() => clock.now(), newestRowId);
  const quotas = new Quotas({
    admin: store.admin,
    audit: store.audit,
    shared: store.shared,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    allowUnpriced: config.quotas.allowUnpriced,
    log,
    notify: createNotify(config.quotas.webhook, { egress, counters }),
  });
  await quotas.reload();
  const liveFeed = new LiveFeed();
  const settler = new Settler({
    ledger: liveFeed.watch(store.ledger),
    chargesOf: (row) => quotas.caps.chargesOf(row),
    closeAttempt: (slot) => store.journal.close(slot),
    pricing,
    ids,
    monotonic: () => clock.monotonic(),
    counters,
    histograms,
    log,
  });
  await addFirstKey(store, config.secrets.clientKey, clock.now());
  await settleCrashed(store, settler, roster, log);
  await forgetReservations(store, log);
  await loadUsage(store, quotas);

  const reloadPrices = oneAtATime(async () => {
    catalogue = await loadCatalogue(store, log);
  });
  const reload = setInterval(() => {
    reloadPrices().catch(() => log.write("warn", "price overrides not read; the last ones stay"));
  }, PRICES_MS);

  const resource = createResource(config.traces);
  const roundTrip = createRoundTrip(config.traces, {
    egress,
    resource,
    inlineMaxBytes: config.content.inlineMaxBytes,
    newTraceId: () => ids.traceId(),
    now: () => clock.now(),
    random: randomBytes,
  });
  const roundTrips = roundTrip === null ? null : watchRoundTrips(roundTrip, log);
  const live = new LiveRequests();
  const { content } = config;
  const privacy = await Privacy.open({
    settings: store.settings,
    audit: store.audit,
    now: () => clock.now(),
    log,
    allowPlaintext: content.allowPlaintext,
    initialMode: content.mode,
    kid: keyring.kid,
    isStale: () => store.shared?.state === "away",
  });
  const windows = await RetentionWindows.open({
    settings: store.settings,
    audit: store.audit,
    now: () => clock.now(),
    log,
    deployment: {
      traces_days: daysOf(config.traces.keepMs),
      ledger_days: daysOf(config.keepLedgerMs),
    },
  });
  const sealer = createSealer({
    dataDir: config.dataDir,
    keys: [contentKey, ...retiredContentKeys],
    recipients: content.recipients,
    inlineMaxBytes: content.inlineMaxBytes,
    maxBytes: content.maxBytes,
    keepMs: windows.keepMs("traces_days"),
    counters,
    log,
    onState(state) {
      privacy.setKeyState(state.key);
      privacy.setStoreState(state.store);
    },
  });
  const exporter = startExporter(config, resource, {
    egress,
    counters,
    log,
    startAfter: newestRowId,
    isUnsealed: (traceId) => sealer.unsealed.has(traceId),
  });
  // Before the first request: whether content can be kept is known soon after. What was kept earlier grows old in any mode.
  if (privacy.current.effective !== "off" || store.content.isThere()) sealer.start();
  const checkpoints = new Checkpoints({
    dataDir: config.dataDir,
    audit: store.audit,
    signer,
    now: () => clock.now(),
    onWritten: ({ seq, hash, signature, publicKey }) =>
      log.write("info", "audit checkpoint", { seq, hash, signature, public_key: publicKey }),
    onFailure: () => log.write("error", "no audit checkpoint could be written"),
  });
  const retention = startRetention({
    ledger: store.ledger,
    admin: store.admin,
    keep: () => ({
      ledgerMs: windows.keepMs("ledger_days"),
      sessionsMs: windows.keepMs("sessions_days"),
    }),
    now: () => clock.now(),
    log,
  });
  windows.watch(() => {
    sealer.keepFor(windows.keepMs("traces_days"));
    void retention.run();
  });
  const estimator = createEstimator();
  const passwords = createPasswords();
  const clientKeys = new ClientKeys(store.keys, () => clock.monotonic());
  const access = new Access({
    admin: store.admin,
    adminToken: config.secrets.adminToken,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
  });
  const stopFollowing = followOthers({
    store,
    quotas,
    log,
    async reload() {
      clientKeys.forget();
      access.forget();
      await Promise.all([quotas.reload(), reloadPrices(), roster.reload(), privacy.reload()]);
      await sharedKeys?.reload();
    },
  });
  const deps: Deps = {
    clock,
    ids,
    log,
    counters,
    histograms,
    store,
    clientKeys,
    claimedUsers: new ClaimedNames(store.claimedUsers, () => clock.now()),
    claimedTeams: new ClaimedNames(store.claimedTeams, () => clock.now()),
    get routing() {
      return roster.routing;
    },
    metadataKeys: config.metadataKeys,
    pricing,
    findPrice: (query) => catalogue.find(query),
    reloadPrices,
    settler,
    quotas,
    providers: roster,
    keyring,
    sharedKeys,
    boundary: {
      report: () => [...egress.report(), ...(databaseReport ? [databaseReport()] : [])],
      refusedElsewhere: () => egress.refusedElsewhere(),
    },
    checkpoints,
    startedAtMs: clock.now(),
    publicUrl: config.console.publicGatewayUrl,
    warnings: deploymentWarnings(config),
    live,
    liveFeed,
    content: createRecorder({
      sealer,
      mode: () => privacy.current.effective,
      maxBytes: content.maxBytes,
    }),
    subjects: sealer,
    privacy,
    recipients: content.recipients.map(recipientId),
    retention: windows,
    sampledShare: config.traces.sampledShare,
    trustCallers: config.traces.trustCallers,
    exporter,
    traceBackend: createTraceBackend(config.traces, egress),
    roundTrips,
    countTokens: (text) => estimator.count(text),
    limits: {
      maxBodyBytes: config.limits.maxBodyBytes,
      keepAliveMs: config.limits.keepAliveMs,
      idleMs: config.timeouts.idleMs,
      totalMs: config.timeouts.totalMs,
      get keepTracesMs() {
        return windows.keepMs("traces_days");
      },
    },
    access,
    passwords,
    signIn: new SignIn(passwords, () => clock.now()),
    random: randomBytes,
    metricsToken: config.secrets.metricsToken,
  };
  return {
    app: createApp(deps),
    deps,
    async drain() {
      liveFeed.close();
      await live.drain(config.limits.drainMs);
    },
    relayToConsole: createConsoleRelay(config.console.relayTo, egress),
    async close() {
      clearInterval(reload);
      stopFollowing();
      roster.close();
      windows.close();
      retention.close();
      roundTrips?.close();
      privacy.close();
      await checkpoints.close();
      await settler.retry();
      settler.stop();
      await exporter?.close();
      egress.close();
      await sealer.close();
      estimator.close();
      await store.close();
    },
  };
}

function startExporter(
  { dataDir, traces, content }: Config,
  resource: Resource,
  parts: Pick<ExporterOptions, "egress" | "counters" | "log" | "startAfter" | "isUnsealed">,
): Exporter | null {
  const path = exportPath(traces);
  if (path === null) return null;
  const { sampledShare, maxWaitingBytes } = traces;
  if (content.inlineMaxBytes > TEMPO_INLINE_BYTES) {
    parts.log.write(
      "warn",
      "sealed parts this large are cut by a back end with Tempo's usual bound; `anyray traces verify` tells",
      { bytes: content.inlineMaxBytes },
    );
  }
  return createExporter({ ...parts, dataDir, path, resource, sampledShare, maxWaitingBytes });
}

/** 0: for ever. */
function daysOf(keepMs: number | null): number {
  return keepMs === null ? 0 : keepMs / 86_400_000;
}

function webhookDestinations(place: Place | null): Destination[] {
  if (place === null) return [];
  const { url, allowPrivate } = place;
  return [{ name: WEBHOOK, reason: "webhook", origin: url.origin, allowPrivate }];
}

function createNotify(place: Place | null, parts: Pick<WebhookOptions, "egress" | "counters">) {
  if (place === null) return null;
  return createWebhook({ ...parts, pathAndQuery: `${place.url.pathname}${place.url.search}` });
}

async function loadCatalogue(store: Store, log: Log) {
  const { entries, unreadable } = readOverrides(await store.prices.list());
  if (unreadable.length > 0) {
    log.write("warn", "price overrides that can't be read are left out", {
      count: unreadable.length,
    });
  }
  return createCatalogue(entries);
}

async function settleCrashed(
  store: Store,
  settler: Settler,
  roster: Roster,
  log: Log,
): Promise<void> {
  const { attempts, done } = await store.journal.recover();
  await settler.settleCrashed(attempts, (name) => ({
    name,
    priceId: roster.find(name)?.settings?.priceId ?? null,
  }));
  await done();
  if (attempts.length > 0) {
    log.write("info", "attempts of an earlier process accounted for", { read: attempts.length });
  }
}
