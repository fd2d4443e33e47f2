/**
 * Who is at the admin plane: the admin token, a sign-in (`ans_…`), a program's key (`aak_…`). Tokens are looked up by their hash, and the
 * answer is remembered for a moment: one that is ended counts no more within half a second.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { AdminAccount, AdminStore, AdminToken } from "../../db/store.ts";
import { GatewayError } from "../errors.ts";
import { parseSecret } from "../secret-text.ts";
import { mayDo, type Actor, type Area } from "./roles.ts";

const FRESH_MS = 500;
const MAX_ENTRIES = 1_000;

export interface AccessOptions {
  readonly admin: AdminStore;
  readonly adminToken: string;
  /** ms since 1970. */
  readonly now: () => number;
  readonly monotonic: () => number;
}

interface Known {
  readonly token: AdminToken | null;
  readonly account: AdminAccount | null;
  readonly readAt: number;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** This process has changed a token or an account. */
  forget(): void {
    this.#known.clear();
  }

  isAdminToken(secret: string | null): boolean {
    return isSameSecret(secret, this.#options.adminToken);
  }

  /**
   * What the store keeps of a sign-in that the admin token made. It is bound to that token: whoever has to change it, because it got
   * about, must not find the sign-ins that others made with it living on for half a day.
   * @param hash of the sign-in's secret
   */
  boundHash(hash: string): string {
    return createHmac("sha256", this.#options.adminToken).update(hash).digest("hex");
  }

  /** Null for a stranger. Rejects with GatewayError `store_unavailable`. */
  async find(secret: string | null): Promise<Actor | null> {
    if (secret === null) return null;
    if (this.isAdminToken(secret)) {
      return { name: "admin", role: "owner", tokenId: null, account: null, isKey: false };
    }
    const signIn = parseSecret("ans_", secret);
    const parsed = signIn ?? parseSecret("aak_", secret);
    if (parsed === null) return null;
    const { token, account } = await this.#look(parsed.hash);
    if (token === null) return signIn === null ? null : this.#findBound(signIn.hash);
    if (!this.#isLive(token)) return null;
    if (token.kind === "key") {
      const name = token.name ?? token.id;
      return { name, role: token.role, tokenId: token.id, account: null, isKey: true };
    }
    // The account's role as it is now, not as it was at the sign-in.
    if (account === null || account.disabledAtMs !== null) return null;
    const { name, role } = account;
    return { name, role, tokenId: token.id, account: name, isKey: false };
  }

  /** The admin token's own sign-in. */
  async #findBound(hash: string): Promise<Actor | null> {
    const { token } = await this.#look(this.boundHash(hash));
    if (token === null || !this.#isLive(token)) return null;
    return { name: "admin", role: "owner", tokenId: token.id, account: null, isKey: false };
  }

  #isLive({ endedAtMs, expiresAtMs }: AdminToken): boolean {
    return endedAtMs === null && (expiresAtMs ?? Infinity) > this.#options.now();
  }

  /** @throws (rejects with) GatewayError `unauthenticated`, `forbidden` */
  async require(secret: string | null, area: Area, isWrite: boolean): Promise<Actor> {
    const actor = await this.find(secret);
    if (actor === null) throw notSignedIn("Bearer");
    if (mayDo(actor.role, area, isWrite)) return actor;
    throw new GatewayError("forbidden", {
      hint: `The role ${actor.role} may not ${isWrite ? "change" : "read"} ${area}.`,
    });
  }

  async #look(hash: string): Promise<Known> {
    const readAt = this.#options.monotonic();
    const known = this.#known.get(hash);
    if (known !== undefined && readAt - known.readAt < FRESH_MS) return known;
    const { admin } = this.#options;
    let found: Known;
    try {
      const token = await admin.tokenByHash(hash);
      const accounts =
        token?.kind === "session" && token.name !== null ? await admin.accounts() : [];
      const account = accounts.find(({ name }) => name === token?.name) ?? null;
      found = { token, account, readAt };
    } catch {
      throw new GatewayError("store_unavailable");
    }
    if (this.#known.size >= MAX_ENTRIES) this.#known.clear();
    this.#known.set(hash, found);
    return found;
  }
}

/** @param challenge `Basic …` makes a browser ask */
export function notSignedIn(challenge: string): GatewayError {
  return new GatewayError("unauthenticated", {
    hint: "The admin plane takes `Authorization: Bearer` with ANYRAY_ADMIN_TOKEN, a sign-in's token or an `aak_…` key.",
    headers: { "www-authenticate": challenge },
  });
}

/** In constant time, whatever the lengths. */
export function isSameSecret(given: string | null, secret: string | null): boolean {
  if (given === null || secret === null || secret === "") return false;
  return timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
