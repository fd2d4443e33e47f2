/** What can be said of a request's content by whoever has no key: how much there is, sealed under what, and how it is opened elsewhere. */
import { formatBytes } from "../../components/format.ts";
import { Badge, Copyable, Facts, Panel, Text } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import type { Trace } from "./trace.ts";

type Part = Trace["content"][number];

interface ContentProps {
  readonly trace: Trace;
  readonly mayReadPrivacy: boolean;
}

export function Content({ trace, mayReadPrivacy }: ContentProps) {
  const { content, decrypt } = trace;
  return (
    <Panel title="Content" hint="This page has no key, and no way to ask for one">
      {content.length === 0 ? (
        <Empty
          title="No content is stored for this request"
          hint="Content is kept while the mode is encrypted, and for as long as traces are."
        >
          {mayReadPrivacy ? (
            <a class="button" href="/privacy">
              Look at the mode
            </a>
          ) : null}
        </Empty>
      ) : (
        <>
          {content.some(({ mode }) => mode === "plaintext") ? (
            <Notice
              tone="warning"
              title="This content is stored readable: the deployment allows it."
            />
          ) : null}
          <div class="parts">
            {content.map((part) => (
              <SealedPart part={part} />
            ))}
          </div>
          {decrypt === null ? null : <Opening command={decrypt} />}
        </>
      )}
    </Panel>
  );
}

const FIELDS: Readonly<Record<string, string>> = { input: "What was asked", output: "The answer" };

const OMITTED: Readonly<Record<string, string>> = {
  too_large: "It was larger than the gateway keeps.",
  queue_full: "More came at once than could be sealed.",
  store_full: "The content store was full.",
  store_failed: "The content store could not be written.",
  sealer_failed: "Sealing failed.",
};

function SealedPart({ part }: { readonly part: Part }) {
  return (
    <section class="part-facts">
      <h3>
        <span safe>{FIELDS[part.field] ?? part.field}</span>
        <Badge {...badgeOf(part)} />
      </h3>
      <Facts rows={factsOf(part)} />
    </section>
  );
}

function badgeOf({ state, reason, mode }: Part): { text: string; tone: "warning" | "good" } {
  if (state === "omitted") return { text: "not kept", tone: "warning" };
  if (reason === "unreadable") return { text: "damaged", tone: "warning" };
  return mode === "encrypted" ? { text: "sealed", tone: "good" } : { text: mode, tone: "warning" };
}

function factsOf(part: Part): readonly (readonly [string, JSX.Element])[] {
  if (part.state === "omitted") {
    return [["Why", <Text text={OMITTED[part.reason ?? ""] ?? part.reason ?? "unknown"} />]];
  }
  const mono = (label: string, text: string | null) =>
    text === null ? [] : [[label, <Text text={text} mono />] as const];
  return [
    ["Size, sealed", <Text text={formatBytes(part.bytes)} />],
    ...mono("Key id", part.kid),
    ...mono("Envelope version", part.version === null ? null : String(part.version)),
    ...mono("Subject handle", part.subject),
    ...mono("Ciphertext begins", part.ciphertext === null ? null : spaced(part.ciphertext)),
    ...mono("SHA-256", part.sha256),
    ...mono("Object", part.object),
    ...(part.is_cut === true ? [["Answer", <Text text="broken off" />] as const] : []),
  ];
}

/** `0a 1b 2c …`: by the byte, as a hex dump. */
function spaced(hex: string): string {
  return `${hex.replaceAll(/(..)(?=.)/g, "$1 ")} …`;
}

function Opening({ command }: { readonly command: string }) {
  return (
    <div class="opening">
      <p class="muted">
        Whoever holds the master key opens it offline, on a machine of theirs. DATA_DIR is the
        gateway's data directory or a copy of it; TICKET is the reason, and stands in the record
        that the reading leaves.
      </p>
      <Copyable id="decrypt" text={command} />
    </div>
  );
}
