/** What `anyray help` says of the commands that are loaded when asked for; apart from them, so that the help loads neither cryptography nor OpenTelemetry. */

export const MASTER_KEYS_HELP = `anyray keys rotate [--dry-run]   wraps every subject key, and seals every provider's credentials, with the present
                                 ANYRAY_CONTENT_KEY; the former one stands in ANYRAY_CONTENT_KEYS_RETIRED. No content is
                                 rewritten; it can be broken off and run again
anyray keys export --out FILE    writes the wrapped subject keys for an auditor: useless without the master key
anyray keys release              where gateways share a database, and their ANYRAY_CONTENT_KEY or ANYRAY_AUDIT_KEY is lost:
                                 the next one that starts says which they are from then on. Opens nothing that was sealed
anyray keys recipient-new --out FILE
                                 makes a pair for an auditor: the private key into FILE, the public one, for
                                 ANYRAY_CONTENT_RECIPIENTS, is shown`;

export const SUBJECTS_HELP = `anyray subjects list [--json]    whose content is sealed, each under a key of its own
anyray subjects erase USER [--bound-only] [--yes]
                                 destroys the keys of a user's content: all of it, wherever copies lie, is unreadable
                                 from then on, and nothing brings it back. Without --yes only shows what would go.
                                 Content that callers claimed for that name is included, unless --bound-only`;

export const READING_HELP = `anyray inspect SOURCE… [--json]  what can be told of sealed content without a key. A source is a trace in JSON (OTLP,
                                 Tempo's or Jaeger's API), content.sqlite, or the data directory. Chosen as with decrypt
anyray decrypt SOURCE… (--trace ID | --user NAME | --from DATE --to DATE | --all) --reason TICKET --out FILE|DIR/|-
                                 opens sealed content, and writes a record of the reading beside it. Of a part that
                                 several sources tell of, one that opens is taken
  --keys FILE                    subject keys from \`anyray keys export\`; default: of the data directory among the sources
  --identity FILE                an auditor's private key, where content is sealed for recipients
  --content-dir DIR              where large parts lie; default: of the data directory
  --field input|output           of each request; default: both
  --format json|raw              a JSON object a line (default); or bytes: of one part, or each in a file of a new DIR/
  --actor NAME  --record FILE    who reads (default: the system's user), and the record (default: FILE.reading.json)
  exit codes: 0 all opened, 1 can't run, 2 usage; of several the first of: 5 damaged, 3 wrong master key,
  6 not a recipient, 7 unknown subject (older key export), 4 erased subject, 8 content not there.
  What opened is written all the same
anyray audit verify FILE|URL|DIR [--public-key aap_…] [--checkpoints FILE] [--json]
                                 whether an audit log is whole: an export, a gateway's address (with ANYRAY_ADMIN_TOKEN),
                                 or its data directory. exit codes: 0 whole, 3 not whole, 1 can't be read, 2 usage
anyray audit import FILE         takes the record of a reading into the audit log, once`;

export const TRACES_HELP = `anyray traces verify [--json]    sends a synthetic trace with a sealed part, as large as inline parts may be, through the
                                 Collector, and reads it back by id and by search: with the settings of the gateway.
                                 exit codes: 0 it came back whole, 3 it did not, 1 Collector or back end away, 2 usage`;

const MASTER_KEYS_COMMANDS = ["rotate", "export", "release", "recipient-new"] as const;

export function isMasterKeysCommand(name: string | undefined): boolean {
  return MASTER_KEYS_COMMANDS.some((command) => command === name);
}
