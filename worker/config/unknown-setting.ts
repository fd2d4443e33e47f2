/**
 * The guard against misspelt settings: `ANYRAY_LEDGER_SINC=full` must not start a gateway that believes nothing was set.
 * Only names that begin with `ANYRAY_` are ours to judge.
 */
import type { Fault } from "./fault.ts";
import { SECRETS_FILE } from "./secrets-file.ts";
import { ALL_SETTINGS, isSecret, KNOWN_VARIABLES } from "./settings.ts";

const SECRET_NAMES: ReadonlySet<string> = new Set(
  ALL_SETTINGS.filter(isSecret).map((setting) => setting.name),
);

/** Names that one may look for here, and why they are none. */
const NOT_OFFERED: ReadonlyMap<string, string> = new Map([
  [
    "ANYRAY_HTTP_PROXY",
    "is not a setting of this version: connections go to the address that was checked, and a proxy would choose another. Unset it.",
  ],
]);

/** Edits (insert, drop, replace, swap neighbours) from one text to the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}

function nearest(name: string): string | null {
  const candidates = KNOWN_VARIABLES.map((known) => ({
    known,
    distance: editDistance(name.toUpperCase(), known),
  })).sort((a, b) => a.distance - b.distance);
  const best = candidates[0];
  // Of a short name so many letters are another name.
  const bound = Math.min(4, Math.floor((name.length - "ANYRAY_".length) / 2));
  return best !== undefined && best.distance <= bound ? best.known : null;
}

/** One fault for each set variable that looks like a setting and is none. */
export function findUnknownSettings(
  env: Readonly<Record<string, string | undefined>>,
): readonly Fault[] {
  return Object.keys(env)
    .filter((name) => /^anyray_/i.test(name) && env[name] !== undefined && env[name] !== "")
    .filter((name) => !KNOWN_VARIABLES.includes(name))
    .sort()
    .map((name) => {
      const reason = NOT_OFFERED.get(name);
      if (reason !== undefined) return { where: name, problem: reason };
      const suggestion = nearest(name);
      const remedy = suggestion === null ? "Unset it." : `Did you mean ${suggestion}?`;
      return { where: name, problem: `is not a setting of this version. ${remedy}` };
    });
}

/** `secrets.env` holds secrets, and variables for `${NAME}`: a plain setting there would be overlooked. */
export function findMisplacedSettings(secrets: ReadonlyMap<string, string>): readonly Fault[] {
  return [...secrets.keys()]
    .filter((name) => /^anyray_/i.test(name) && !SECRET_NAMES.has(name))
    .map((name) => ({
      where: `${name} (in ${SECRETS_FILE})`,
      problem: "is not a secret of this version. Set it in the environment.",
    }));
}
