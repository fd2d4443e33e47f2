/**
 * `${NAME}` in a provider's `api_key` and `headers`: the one place where configuration takes in other variables.
 * `ANYRAY_…` names never expand: a provider must not be sent the gateway's own secrets.
 */

/** Value of a variable that is no setting of ours (environment, `<NAME>_FILE` or `secrets.env`); null: not set, or empty. */
export type LookUp = (name: string) => string | null;

export type Expanded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly string[] };

const REFERENCE = /\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Not recursive: what a variable holds is taken as it is.
 * @param lookUp null: nothing is expanded, the text stands for itself
 */
export function expand(text: string, lookUp: LookUp | null): Expanded {
  if (lookUp === null) return { ok: true, text };
  const problems: string[] = [];
  const result = text.replace(REFERENCE, (_, name: string, brace: string) => {
    if (brace === "" || !NAME.test(name)) {
      problems.push("has a `${` that is not followed by a variable's name and `}`.");
      return "";
    }
    if (/^anyray_/i.test(name)) {
      problems.push(`may not use \${${name}}: the gateway's own settings never go to a provider.`);
      return "";
    }
    const value = lookUp(name);
    if (value === null) problems.push(`needs the variable ${name}, which is not set.`);
    return value ?? "";
  });
  return problems.length === 0 ? { ok: true, text: result } : { ok: false, problems };
}
