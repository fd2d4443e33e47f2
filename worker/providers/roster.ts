/**
 * The providers and aliases in force: those of the deployment, and those that administrators set, which are read anew when they
 * change. A request keeps the routing that it began with. What is stored and can't be used is still there, under its name, and refuses:
 * its requests MUST NOT end up at another provider.
 */
import type { Setting, SettingStore } from "../../db/store.ts";
import type { ProviderSettings } from "../config/load.ts";
import { demoProvider } from "../config/provider-settings.ts";
import type { ProvidersConfig } from "../config/providers.ts";
import type { Destination, Egress } from "../egress.ts";
import type { Keyring } from "../encryption/keyring.ts";
import type { Routing } from "../pipeline/target.ts";
import type { Catalogue } from "../pricing/catalogue.ts";
import type { Log } from "../telemetry/log.ts";
import { createProviders, providerDestinations } from "./registry.ts";
import { decodeRoutes, inOrder, NO_ROUTES, ROUTES_SETTING, type Routes } from "./routes.ts";
import {
  credentialProblem,
  decodeProvider,
  openMembers,
  PROVIDER_SETTING,
  readProvider,
  type StoredProvider,
} from "./stored-provider.ts";

/** Another process's change is seen within this. */
const POLL_MS = 1_000;

export type ProviderState =
  | "ok"
  /** The deployment has a provider of this name by now. */
  | "name_taken"
  /** Sealed under a master key that was not given. */
  | "credential_unknown_key"
  | "credential_damaged"
  /** As it is stored, it is none: its address is no longer listed, or another version of the gateway wrote it. */
  | "invalid"
  | "unreadable";

export interface RosterEntry {
  readonly name: string;
  readonly state: ProviderState;
  /** Without its credentials unless it is `ok`; null where nothing is known of it. */
  readonly settings: ProviderSettings | null;
  /** Null: of the deployment. */
  readonly stored:
    (Omit<Setting, "name" | "value"> & { readonly what: StoredProvider | null }) | null;
}

export interface RosterOptions {
  readonly deployment: ProvidersConfig;
  readonly settings: SettingStore;
  readonly keyring: Keyring;
  readonly catalogue: () => Catalogue;
  readonly egress: Egress;
  /** What may be connected to beside the providers. */
  readonly otherDestinations: readonly Destination[];
  /** ms since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

export class Roster {
  readonly #options: RosterOptions;
  #seen: string | null = null;
  #entries: readonly RosterEntry[] = [];
  #routes: Routes = NO_ROUTES;
  #routing: Routing = { providers: [], aliases: new Map(), isPriced: () => false };
  #timer: ReturnType<typeof setInterval> | null = null;

  private constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Rejects if what is stored can't be read. */
  static async open(options: RosterOptions): Promise<Roster> {
    const roster = new Roster(options);
    await roster.reload();
    roster.#timer = setInterval(() => void roster.#poll(), POLL_MS);
    // Housekeeping must not keep the process alive.
    if (typeof roster.#timer === "object") roster.#timer.unref();
    return roster;
  }

  /** As it is now; what is given out never changes. */
  get routing(): Routing {
    return this.#routing;
  }

  /** All that there are, also those that can't be used; in the order in which bare names are looked up. */
  get entries(): readonly RosterEntry[] {
    return this.#entries;
  }

  get routes(): Routes {
    return this.#routes;
  }

  /** alias → `provider/model`, as the deployment wrote them. */
  get deploymentAliases(): ReadonlyMap<string, string> {
    return this.#options.deployment.aliases;
  }

  /** Origins inside that the deployment wrote down: providers that administrators set may be there, too. */
  get listedOrigins(): ReadonlySet<string> {
    const { providers } = this.#options.deployment;
    return new Set(
      providers.filter(({ allowPrivate }) => allowPrivate).map(({ baseUrl }) => baseUrl.origin),
    );
  }

  /** Whether the deployment has it. The demo that stands in for nothing gives way. */
  isOfDeployment(name: string): boolean {
    const { providers, isStandIn } = this.#options.deployment;
    return !isStandIn && providers.some((provider) => provider.name === name);
  }

  find(name: string): RosterEntry | null {
    return this.#entries.find((entry) => entry.name === name) ?? null;
  }

  /** What is wrong with one of them, in a word; null: all are as they should be. */
  get problem(): string | null {
    return this.#entries.find(({ state }) => state !== "ok")?.state ?? null;
  }

  /** What is stored counts from now on. Rejects if it can't be read; all stays as it is then. */
  async reload(): Promise<void> {
    const { settings } = this.#options;
    const [providers, routes] = await Promise.all([
      settings.list(PROVIDER_SETTING),
      settings.get(ROUTES_SETTING),
    ]);
    const seen = JSON.stringify([
      providers.map(({ name, version }) => [name, version]),
      routes?.version,
    ]);
    if (seen === this.#seen) return;
    this.#apply(providers, routes);
    this.#seen = seen;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #poll(): Promise<void> {
    // Those that were read last stay in force; that the store is away is said elsewhere.
    await this.reload().catch(() => undefined);
  }

  #apply(stored: readonly Setting[], routes: Setting | null): void {
    const { deployment, egress, catalogue, otherDestinations, now } = this.#options;
    const ofStore = stored
      .flatMap((setting) => this.#read(setting) ?? [])
      .sort((a, b) => createdAt(a) - createdAt(b));
    const ofDeployment = deployment.isStandIn && ofStore.length > 0 ? [] : deployment.providers;
    this.#routes = decodeRoutes(routes);
    this.#entries = inOrder(this.#routes.order, [
      ...ofDeployment.map((settings) => ({
        name: settings.name,
        state: "ok" as const,
        settings,
        stored: null,
      })),
      ...ofStore,
    ]);
    const usable = this.#entries.flatMap(({ state, settings }) =>
      state === "ok" && settings !== null ? [settings] : [],
    );
    const routed = this.#entries
      .filter(({ state }) => state !== "name_taken")
      .map(({ name, settings }) => settings ?? unknownProvider(name));
    // First the way out, then who asks for it.
    egress.setDestinations([...providerDestinations(usable), ...otherDestinations]);
    const providers = createProviders(routed, catalogue(), egress);
    this.#routing = {
      providers,
      aliases: this.#aliases(new Set(providers.map(({ name }) => name))),
      isPriced: (provider, model) =>
        catalogue().find({
          priceId: provider.priceId,
          providerName: provider.name,
          model,
          atMs: now(),
        }) !== null,
    };
  }

  /** The deployment's win. One whose provider is gone is none: its name would lead elsewhere. */
  #aliases(providers: ReadonlySet<string>): ReadonlyMap<string, string> {
    const all = new Map([...this.#routes.aliases, ...this.deploymentAliases]);
    return new Map([...all].filter(([, target]) => providers.has(providerOf(target))));
  }

  #read(setting: Setting): RosterEntry | null {
    const { name: _, value, ...rest } = setting;
    const name = setting.name.slice(PROVIDER_SETTING.length);
    const decoded = decodeProvider(value);
    if (decoded === null) return null;
    const what = decoded === "unreadable" ? null : decoded;
    const entry = (state: ProviderState, settings: ProviderSettings | null): RosterEntry => {
      if (state !== "ok")
        this.#options.log.write("warn", "a provider can't be used", { name, state });
      return { name, state, settings, stored: { ...rest, what } };
    };
    if (what === null) return entry("unreadable", null);
    const closed = readProvider(name, withoutSecrets(what), this.listedOrigins);
    if (closed.settings === null) return entry("invalid", null);
    if (this.isOfDeployment(name)) return entry("name_taken", closed.settings);
    if (closed.faults.length > 0) return entry("invalid", closed.settings);
    try {
      const members = openMembers(name, what, this.#options.keyring);
      const { settings, faults } = readProvider(name, members, this.listedOrigins);
      if (settings !== null && faults.length === 0) return entry("ok", settings);
      return entry("invalid", closed.settings);
    } catch (error) {
      return entry(`credential_${credentialProblem(error)}`, closed.settings);
    }
  }
}

export function providerOf(target: string): string {
  return target.slice(0, target.indexOf("/"));
}

/** As far as it is known without its credentials; what stands for them goes nowhere. */
function withoutSecrets({ members, keyFingerprint }: StoredProvider) {
  return keyFingerprint === null ? members : { ...members, api_key: "sealed" };
}

function createdAt({ stored }: RosterEntry): number {
  return stored?.what?.createdAtMs ?? 0;
}

/** Its name, and that nothing else is known: it has no destination, so all that is sent to it is refused. */
function unknownProvider(name: string): ProviderSettings {
  return {
    ...demoProvider(name),
    kind: "openai-compatible",
    baseUrl: new URL("https://unknown.invalid/"),
    priceId: null,
  };
}
