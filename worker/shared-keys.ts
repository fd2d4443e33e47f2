/**
 * Whether this gateway has the keys of those that it shares a database with: only then can each open the credentials that another has
 * sealed, and the audit log's checkpoints be checked with one key. The database knows which keys they are by their public halves alone.
 */
import { StoreUnavailable, VersionConflict, type SettingStore, type Store } from "../db/store.ts";
import { record } from "./audit/record.ts";
import { ConfigError, type Fault } from "./config/fault.ts";
import { decodeProvider, PROVIDER_SETTING } from "./providers/stored-provider.ts";

const SETTING = "keys.shared";
/** Another gateway's change is soon seen: between two looks. */
const SEEN_MS = 50;
/** Former content keys that are remembered by their ids. */
const MAX_FORMER = 16;

/** What this gateway was deployed with. */
export interface OwnKeys {
  /** Of the content key. */
  readonly kid: string;
  /** Of the former ones, too. */
  readonly kids: readonly string[];
  /** Public half of the audit key, `aap_…`. */
  readonly auditKey: string;
}

export interface SharedKeysOptions {
  readonly store: Pick<Store, "settings" | "audit">;
  readonly own: OwnKeys;
  readonly now: () => number;
}

/** What the database's gateways have; null where that is not known. */
interface Known {
  readonly content: string | null;
  /** Content keys that they had, the newest first. */
  readonly former: readonly string[];
  readonly audit: string | null;
}

/** Others have another content key by now: `former` if they had this gateway's before. */
export type SharedKeysProblem = "content_key_former" | "content_key_other" | "audit_key_other";

const NOTHING: Known = { content: null, former: [], audit: null };

export class SharedKeys {
  readonly #options: SharedKeysOptions;
  #problem: SharedKeysProblem | null = null;
  /** What this gateway has to say stands there, or need not. */
  #isSaid = false;

  private constructor(options: SharedKeysOptions) {
    this.#options = options;
  }

  /**
   * Says which keys they are where nobody has yet, or where the key that was is among this gateway's former ones: that is a rotation. One
   * that the others have left behind starts, and is degraded: a rotation reaches one gateway after another.
   * @throws (rejects with) ConfigError where the keys are others'
   */
  static async open(options: SharedKeysOptions): Promise<SharedKeys> {
    const keys = new SharedKeys(options);
    const known = await keys.reload();
    if (keys.#problem !== null && keys.#problem !== "content_key_former") {
      throw new ConfigError(faultsOf(options.own, known));
    }
    return keys;
  }

  get problem(): SharedKeysProblem | null {
    return this.#problem;
  }

  /** What others have said meanwhile counts from now on. */
  async reload(): Promise<Known> {
    const { store, own } = this.#options;
    for (;;) {
      const { known, version } = await read(store.settings, own);
      this.#problem = problemOf(own, known);
      if (this.#isSaid || this.#problem !== null) return known;
      try {
        if (known.content !== own.kid || known.audit !== own.auditKey) {
          await this.#say(known, version);
        }
        this.#isSaid = true;
        return known;
      } catch (error) {
        // The database is away: as soon as it is back.
        if (error instanceof StoreUnavailable) return known;
        // Another gateway was faster: what it said counts, as soon as it is seen here.
        if (!(error instanceof VersionConflict)) throw error;
        await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
      }
    }
  }

  async #say(known: Known, expectedVersion: number): Promise<void> {
    const { store, own, now } = this.#options;
    const former = [known.content, ...known.former].filter(
      (kid): kid is string => kid !== null && kid !== own.kid,
    );
    const after: Known = {
      content: own.kid,
      former: [...new Set(former)].slice(0, MAX_FORMER),
      audit: own.auditKey,
    };
    const draft = { timeMs: now(), actor: "start", action: "keys.share", target: "keys" } as const;
    await record(store.audit, { ...draft, before: factsOf(known), after: factsOf(after) }, [
      { kind: "setting", name: SETTING, value: JSON.stringify(after), expectedVersion },
    ]);
  }
}

/**
 * The next gateway that starts says which keys they are, whatever was sealed under those that were: where they are lost.
 * @returns false: nobody has said so yet
 */
export async function releaseSharedKeys(
  { settings, audit }: Pick<Store, "settings" | "audit">,
  nowMs: number,
): Promise<boolean> {
  const stored = await settings.get(SETTING);
  if (stored === null) return false;
  const before = factsOf(decode(stored.value));
  const draft = { timeMs: nowMs, actor: "cli", action: "keys.share", target: "keys" } as const;
  await record(audit, { ...draft, before, after: null }, [
    {
      kind: "setting",
      name: SETTING,
      value: JSON.stringify(NOTHING),
      expectedVersion: stored.version,
    },
  ]);
  return true;
}

/** Where nobody has said it yet, what is sealed tells: it belongs to whoever can open it. */
async function read(
  settings: SettingStore,
  own: OwnKeys,
): Promise<{ known: Known; version: number }> {
  const stored = await settings.get(SETTING);
  if (stored !== null) return { known: decode(stored.value), version: stored.version };
  for (const { value } of await settings.list(PROVIDER_SETTING)) {
    const provider = decodeProvider(value);
    const kid = provider === "unreadable" ? null : (provider?.sealed?.kid ?? null);
    if (kid !== null && !own.kids.includes(kid)) {
      return { known: { ...NOTHING, content: kid }, version: 0 };
    }
  }
  return { known: NOTHING, version: 0 };
}

function decode(value: string): Known {
  // Written by this file alone.
  return JSON.parse(value) as Known;
}

function problemOf(own: OwnKeys, { content, former, audit }: Known): SharedKeysProblem | null {
  const isMine = content === null || own.kids.includes(content);
  if (!isMine && !former.includes(own.kid)) return "content_key_other";
  if (audit !== null && audit !== own.auditKey) return "audit_key_other";
  return isMine ? null : "content_key_former";
}

function factsOf({ content, audit }: Known) {
  return content === null && audit === null ? null : { content_kid: content, audit_key: audit };
}

/** Public halves are named, so that people can tell which of their keys is meant. */
function faultsOf(own: OwnKeys, { content, former, audit }: Known): Fault[] {
  const faults: Fault[] = [];
  const lost = "If that one is lost, run: anyray keys release";
  if (problemOf(own, { content, former, audit: null }) === "content_key_other") {
    faults.push({
      where: "ANYRAY_CONTENT_KEY",
      problem: `is not the content key of the gateways that share this database: its id is ${own.kid}, theirs ${content}, so none could open the provider credentials of the other. Give this gateway theirs; for a new key put theirs into ANYRAY_CONTENT_KEYS_RETIRED. ${lost}`,
    });
  }
  if (audit !== null && audit !== own.auditKey) {
    faults.push({
      where: "ANYRAY_AUDIT_KEY",
      problem: `is not the key that signs the audit log of this database: its public half is ${own.auditKey}, theirs ${audit}. Give this gateway theirs. ${lost}`,
    });
  }
  return faults;
}
