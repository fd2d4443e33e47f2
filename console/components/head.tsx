/** The top of a page, and the panels below it. */
import type { Children } from "@kitajs/html";

interface PageHeadProps {
  readonly title: string;
  /** One sentence that says what the page is for. */
  readonly lead?: string;
  /** Buttons and links to the right. */
  readonly children?: Children;
}

/** Every page begins with one: its heading takes the focus when the page comes. */
export function PageHead({ title, lead, children }: PageHeadProps) {
  return (
    <header class="page-head">
      <div>
        <h1 tabindex="-1" safe>
          {title}
        </h1>
        {lead === undefined ? null : (
          <p class="lead" safe>
            {lead}
          </p>
        )}
      </div>
      <div class="actions">{children}</div>
    </header>
  );
}

interface PanelProps {
  readonly title: string;
  /** Beside the title, in small type. */
  readonly hint?: string;
  readonly wide?: boolean;
  readonly children?: Children;
}

export function Panel({ title, hint, wide = false, children }: PanelProps) {
  return (
    <section class={wide ? "panel wide" : "panel"}>
      <header class="panel-head">
        <h2 safe>{title}</h2>
        {hint === undefined ? null : (
          <p class="hint" safe>
            {hint}
          </p>
        )}
      </header>
      {children}
    </section>
  );
}

/** Name and value, one below the other: facts of one thing. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, JSX.Element])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div>
          <dt safe>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Text as an element, for places that take elements. */
export function Text({ text, mono = false }: { readonly text: string; readonly mono?: boolean }) {
  return mono ? <code safe>{text}</code> : <span safe>{text}</span>;
}

const BADGE_TONES = ["plain", "good", "warning", "bad", "info"] as const;
export type BadgeTone = (typeof BADGE_TONES)[number];

/** A state in a word. The word carries it; the colour only helps. */
export function Badge({
  text,
  tone = "plain",
}: {
  readonly text: string;
  readonly tone?: BadgeTone;
}) {
  return (
    <span class={`badge ${tone}`} safe>
      {text}
    </span>
  );
}

/** Something to be copied: a button where scripts run, selectable text in any case. @param id unique within the page */
export function Copyable({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <div class="copyable">
      <pre id={id} tabindex="0" safe>
        {text}
      </pre>
      <button type="button" class="button small" data-copy={id}>
        Copy
      </button>
    </div>
  );
}
