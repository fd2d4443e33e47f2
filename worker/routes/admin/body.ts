/** Reading the JSON bodies of the admin API: every member is known, and checked, or the request is refused by the member's name. */
import { isIdentity } from "../../chat.ts";
import type { GatewayError } from "../../errors.ts";
import { invalid, parseTime } from "./query.ts";

export const NAME_HINT =
  "It is a name: letters, digits and . _ @ : / + = -, at most three single spaces, 128 characters.";

type Json = Readonly<Record<string, unknown>>;

/** Members that are absent are `undefined`; `null` stands for none. */
export class Members {
  readonly #json: Json;

  /** @throws GatewayError `invalid_request` for what is no object, or has a member that is not known */
  constructor(body: unknown, known: readonly string[]) {
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      throw invalid(null, "Send a JSON object.");
    }
    // An object of JSON: whatever its members are, they are unknown.
    this.#json = body as Json;
    if (Object.keys(this.#json).some((name) => !known.includes(name))) {
      throw invalid(null, `A member is unknown. Known: ${known.join(", ")}.`);
    }
  }

  has(name: string): boolean {
    return this.#json[name] !== undefined;
  }

  name(name: string): string | null | undefined {
    return this.#read(name, NAME_HINT, (value) =>
      typeof value === "string" && isIdentity(value) ? value : undefined,
    );
  }

  text(name: string, hint: string, isGood: (text: string) => boolean): string | null | undefined {
    return this.#read(name, hint, (value) =>
      typeof value === "string" && isGood(value) ? value : undefined,
    );
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | null | undefined {
    return this.#read(name, `It is one of ${choices.join(", ")}.`, (value) =>
      choices.find((choice) => choice === value),
    );
  }

  whole(name: string, min: number, max: number): number | null | undefined {
    return this.#read(name, `It is a whole number from ${min} to ${max}.`, (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
        ? value
        : undefined,
    );
  }

  flag(name: string): boolean | null | undefined {
    return this.#read(name, "It is true or false.", (value) =>
      typeof value === "boolean" ? value : undefined,
    );
  }

  /** As it stands: a number by its digits, a text as it is. Absent: undefined. */
  written(name: string): string | undefined {
    return this.has(name) ? String(this.#json[name]) : undefined;
  }

  names(
    name: string,
    hint: string,
    isGood: (text: string) => boolean,
  ): readonly string[] | null | undefined {
    return this.#read(name, hint, (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > 100) return undefined;
      const texts = value.filter((each) => typeof each === "string" && isGood(each));
      return texts.length === value.length ? [...new Set<string>(texts)] : undefined;
    });
  }

  /** ms since 1970, in the future. */
  future(name: string, nowMs: number): number | null | undefined {
    const hint = "It is an RFC 3339 time in the future.";
    return this.#read(name, hint, (value) => {
      const timeMs = typeof value === "string" ? parseTime(name, value) : null;
      return timeMs !== null && timeMs > nowMs ? timeMs : undefined;
    });
  }

  #read<T>(name: string, hint: string, read: (value: unknown) => T | undefined) {
    const value = this.#json[name];
    if (value === undefined || value === null) return value;
    const found = read(value);
    if (found === undefined) throw invalid(name, hint);
    return found;
  }
}

/** @throws GatewayError `invalid_request` where it is missing */
export function needed<T>(value: T | null | undefined, name: string): T {
  if (value === undefined || value === null) throw missing(name);
  return value;
}

function missing(name: string): GatewayError {
  return invalid(name, "It is needed.");
}
