/**
 * Reading single settings: out of the environment, and for secrets also out of `<NAME>_FILE` and `secrets.env`, in that order.
 * Faults are reported by name; a reader then returns the default, so that one pass finds them all.
 */
import { describeReadFailure } from "./fault.ts";
import type { LookUp } from "./expand.ts";
import type { Report } from "./json-fields.ts";
import { parseSecret } from "./secret-values.ts";
import { SECRETS_FILE } from "./secrets-file.ts";
import { ALL_SETTINGS, defaultOf, isSecret, type SettingName } from "./settings.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** A file's text; throws what the runtime throws. */
export type ReadFile = (path: string) => string;

export interface Environment {
  /** Set and not empty. */
  isSet(name: SettingName): boolean;
  /** The value, else the default, else empty. */
  text(name: SettingName): string;
  choice<T extends string>(name: SettingName, choices: readonly T[]): T;
  /** A whole number within the setting's bounds. */
  whole(name: SettingName): number;
  /** In its normal form; null if nobody gave it. */
  secret(name: SettingName): string | null;
  /** For `${NAME}`. */
  readonly lookUp: LookUp;
}

type Found =
  | { readonly from: "nowhere" }
  | { readonly from: "fault"; readonly problem: string }
  | { readonly from: "environment" | "file" | "secrets"; readonly value: string };

/** `secrets`: what `secrets.env` holds. */
export function createEnvironment(
  env: Env,
  readFile: ReadFile,
  secrets: ReadonlyMap<string, string>,
  report: Report,
): Environment {
  const settings = new Map(ALL_SETTINGS.map((setting) => [setting.name, setting]));
  const value = (name: string): string => env[name] ?? "";

  function find(name: string): Found {
    const path = value(`${name}_FILE`);
    if (value(name) !== "" && path !== "") {
      return { from: "fault", problem: `and ${name}_FILE are both set. Unset one.` };
    }
    if (value(name) !== "") return { from: "environment", value: value(name) };
    if (path === "") {
      const kept = secrets.get(name);
      return kept === undefined ? { from: "nowhere" } : { from: "secrets", value: kept };
    }
    try {
      // Editors end a file with a newline; no secret of ours holds one.
      const text = readFile(path).trim();
      if (text !== "") return { from: "file", value: text };
      return { from: "fault", problem: "names an empty file." };
    } catch (error) {
      return { from: "fault", problem: `names a file, but ${describeReadFailure(error)}.` };
    }
  }

  /** How a person finds the value that is wrong. */
  function place(name: string, found: Found): string {
    if (found.from === "secrets") return `${name} (in ${SECRETS_FILE})`;
    const isFile = found.from === "file" || (found.from === "fault" && value(name) === "");
    return isFile ? `${name}_FILE` : name;
  }

  return {
    isSet: (name) => value(name) !== "",
    text: (name) => value(name) || defaultOf(name),
    choice: (name, choices) => {
      const text = value(name) || defaultOf(name);
      const choice = choices.find((candidate) => candidate === text);
      if (choice !== undefined) return choice;
      report(name, `must be one of: ${choices.join(", ")}.`);
      const [first] = choices;
      if (first === undefined) throw new Error(`${name} has no choices`);
      return first;
    },
    whole: (name) => {
      const setting = settings.get(name);
      if (setting === undefined || !("min" in setting)) throw new Error(`${name} is no number`);
      const text = value(name);
      const number = Number(text || defaultOf(name));
      const isWhole = text === "" || /^[0-9]{1,15}$/.test(text);
      if (isWhole && number >= setting.min && number <= setting.max) return number;
      const unit = setting.type === "port" ? "" : ` of ${setting.type}`;
      report(name, `must be a whole number${unit} from ${setting.min} to ${setting.max}.`);
      return Number(defaultOf(name));
    },
    secret: (name) => {
      const setting = settings.get(name);
      if (setting === undefined || !isSecret(setting)) throw new Error(`${name} is no secret`);
      const found = find(name);
      if (found.from === "nowhere") return null;
      const result =
        found.from === "fault"
          ? { ok: false as const, problem: found.problem }
          : parseSecret(name, found.value);
      if (result.ok) return result.value;
      report(place(name, found), result.problem);
      return null;
    },
    lookUp: (name) => {
      const found = find(name);
      if (found.from !== "fault") return found.from === "nowhere" ? null : found.value;
      report(place(name, found), found.problem);
      return null;
    },
  };
}
