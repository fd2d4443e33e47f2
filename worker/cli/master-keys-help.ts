/** What `anyray help` says of the commands about sealed content; apart from them, so that the help loads no cryptography. */

export const MASTER_KEYS_HELP = `anyray keys rotate [--dry-run]   wraps every subject key with the present ANYRAY_CONTENT_KEY; the former one stands in
                                 ANYRAY_CONTENT_KEYS_RETIRED. No content is rewritten; it can be broken off and run again
anyray keys export --out FILE    writes the wrapped subject keys for an auditor: useless without the master key
anyray keys recipient-new --out FILE
                                 makes a pair for an auditor: the private key into FILE, the public one, for
                                 ANYRAY_CONTENT_RECIPIENTS, is shown`;

export const SUBJECTS_HELP = `anyray subjects list [--json]    whose content is sealed, each under a key of its own
anyray subjects erase USER [--bound-only] [--yes]
                                 destroys the keys of a user's content: all of it, wherever copies lie, is unreadable
                                 from then on, and nothing brings it back. Without --yes only shows what would go.
                                 Content that callers claimed for that name is included, unless --bound-only`;

const MASTER_KEYS_COMMANDS = ["rotate", "export", "recipient-new"] as const;

export function isMasterKeysCommand(name: string | undefined): boolean {
  return MASTER_KEYS_COMMANDS.some((command) => command === name);
}
