/** What a page says when there is nothing to show, when something went wrong, and after something was done. */
import type { Children } from "@kitajs/html";
import { Icon } from "./icon.tsx";

interface EmptyProps {
  readonly title: string;
  /** What to do about it, in a sentence. */
  readonly hint: string;
  readonly children?: Children;
}

/** Nothing to show, and what would change that. Children: links or a form. */
export function Empty({ title, hint, children }: EmptyProps) {
  return (
    <div class="empty">
      <p class="empty-title" safe>
        {title}
      </p>
      <p class="muted" safe>
        {hint}
      </p>
      {children}
    </div>
  );
}

const NOTICE_ICONS = { good: "good", info: "info", warning: "warning", bad: "warning" } as const;
export type Tone = keyof typeof NOTICE_ICONS;

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: Children;
}

/** A fault is read out at once, anything else when the reader pauses. */
export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={NOTICE_ICONS[tone]} />
      <div>
        <p class="notice-title" safe>
          {title}
        </p>
        {children}
      </div>
    </div>
  );
}

interface FaultProps {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
  /** For whoever looks into the gateway's log. */
  readonly requestId?: string | null;
  readonly children?: Children;
}

/** A page that could not be shown: what happened, and what to do next. */
export function Fault({ status, title, hint, requestId = null, children }: FaultProps) {
  return (
    <section class="fault">
      <p class="fault-status">{status}</p>
      <h1 tabindex="-1" safe>
        {title}
      </h1>
      <p class="muted" safe>
        {hint}
      </p>
      {requestId === null ? null : (
        <p class="muted small">
          Request <code safe>{requestId}</code>
        </p>
      )}
      <div class="actions">{children}</div>
    </section>
  );
}
