/**
 * Sign-in by name and password. Every try costs a hash, whether the name is known or not; after a few failures a name waits. What is
 * counted is in memory: a restart forgets it, which buys a guesser nothing against Argon2id. A name that waits is not forgotten for others
 * that were only named, or a guesser would name ten thousand between any five guesses.
 */
import type { AdminAccount } from "../../db/store.ts";
import { GatewayError } from "../errors.ts";
import type { Passwords } from "./password.ts";

const MAX_FAILURES = 5;
const PAUSE_MS = 15 * 60_000;
const MAX_NAMES = 10_000;
/** Of no password; made with the same cost as those of accounts. */
const NOBODY =
  "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

interface Failures {
  count: number;
  firstMs: number;
}

export class SignIn {
  readonly #passwords: Passwords;
  /** ms since 1970. */
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  constructor(passwords: Passwords, now: () => number) {
    this.#passwords = passwords;
    this.#now = now;
  }

  /** @throws (rejects with) GatewayError `unauthenticated`, `rate_limited` */
  async check(name: string, password: string, account: AdminAccount | null): Promise<AdminAccount> {
    this.#refuseIfTired(name);
    // Counted before it is known: guesses made at once count each.
    const failures = this.#fail(name);
    let isRight: boolean;
    try {
      isRight = await this.#passwords.matches(password, account?.passwordHash ?? NOBODY);
    } catch {
      // Nobody looked: it was no guess.
      failures.count -= 1;
      if (failures.count === 0 && this.#failures.get(name) === failures) {
        this.#failures.delete(name);
      }
      throw new GatewayError("rate_limited", { headers: { "retry-after": "2" } });
    }
    // Only a guess that cost its hash makes another name forgotten.
    if (this.#failures.size > MAX_NAMES) this.#forgetOne();
    if (!isRight || account === null || account.disabledAtMs !== null) {
      throw new GatewayError("unauthenticated", { hint: "The name or the password is wrong." });
    }
    this.#failures.delete(name);
    return account;
  }

  #refuseIfTired(name: string): void {
    const failures = this.#failures.get(name);
    if (failures === undefined) return;
    const leftMs = failures.firstMs + PAUSE_MS - this.#now();
    if (leftMs <= 0) this.#failures.delete(name);
    else if (failures.count >= MAX_FAILURES) {
      throw new GatewayError("rate_limited", {
        hint: "Too many wrong passwords for this name.",
        headers: { "retry-after": String(Math.ceil(leftMs / 1_000)) },
      });
    }
  }

  #fail(name: string): Failures {
    const known = this.#failures.get(name);
    if (known !== undefined) {
      known.count += 1;
      return known;
    }
    const failures = { count: 1, firstMs: this.#now() };
    this.#failures.set(name, failures);
    return failures;
  }

  /** Strangers can name as many as they like: what is over goes, then the oldest that does not wait, and only if all do, the oldest. */
  #forgetOne(): void {
    let forgotten: string | null = null;
    for (const [name, { count, firstMs }] of this.#failures) {
      forgotten ??= name;
      if (count >= MAX_FAILURES && firstMs + PAUSE_MS > this.#now()) continue;
      forgotten = name;
      break;
    }
    if (forgotten !== null) this.#failures.delete(forgotten);
  }
}
