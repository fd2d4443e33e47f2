/**
 * The text of `secrets.env`: `NAME=value` lines, as a shell and Docker's `env_file` read them too. Pure; the file is `secret.ts`'s.
 */

export const SECRETS_FILE = "secrets.env";

const HEAD = `# Secrets of this Anyray gateway, made at its first start. Keep this file private, and back it up.
# A line may be changed; a variable of the environment wins over it.
`;

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

export type SecretsText =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly problem: string };

/** Blank lines and `#` lines are skipped; one pair of quotes around a value is taken off; an empty value counts as absent. */
export function parseSecretsText(text: string): SecretsText {
  const values = new Map<string, string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      return { ok: false, problem: `line ${index + 1} is not NAME=value` };
    }
    const bare = /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
    if (bare === "") continue;
    if (values.has(name)) return { ok: false, problem: `line ${index + 1} sets ${name} again` };
    values.set(name, bare);
  }
  return { ok: true, values };
}

/** The text with these values added at its end; every line that was there stays as it is. */
export function addSecrets(text: string, added: ReadonlyMap<string, string>): string {
  const start = text === "" ? HEAD : text.endsWith("\n") ? text : `${text}\n`;
  return start + [...added].map(([name, value]) => `${name}=${value}\n`).join("");
}
