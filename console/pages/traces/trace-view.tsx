/** One request: when what happened, who asked for what, and what can be said of its content without a key. */
import { Waterfall } from "../../components/charts/waterfall.tsx";
import { formatCount, formatDuration, formatUsd } from "../../components/format.ts";
import { Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Outcome } from "../../components/outcome.tsx";
import { Notice } from "../../components/states.tsx";
import { Stat } from "../../components/stat.tsx";
import { Time } from "../../components/time.tsx";
import { canRead, type Visit } from "../../visit.ts";
import { sessionLink } from "../sessions/link.ts";
import { barsOf } from "./bars.ts";
import { Content } from "./content-view.tsx";
import { numberOf, textOf, type Trace, type TraceSpan } from "./trace.ts";

export function traceView(visit: Visit, trace: Trace): JSX.Element {
  const spans: readonly TraceSpan[] = trace.spans;
  const request = spans.find(({ kind }) => kind === "server") ?? spans[0] ?? null;
  const { zone } = visit.preferences;
  return (
    <>
      <PageHead title={request?.name ?? "Trace"}>
        <a class="button" href="/traces">
          All traces
        </a>
      </PageHead>
      <SourceNotice trace={trace} />
      {request === null ? (
        <Notice tone="info" title="Its row is no longer in the ledger. What is kept of it:" />
      ) : (
        <>
          <Sums request={request} />
          <Panel title="What happened" hint={hintOf(spans)}>
            <Waterfall title="The request and its attempts" rows={barsOf(spans)} />
          </Panel>
        </>
      )}
      <Content trace={trace} mayReadPrivacy={canRead(visit, "privacy")} />
      {request === null ? null : (
        <Panel title="Who and what">
          <Facts rows={factsOf(visit, trace, request)} />
        </Panel>
      )}
      {spans.length === 0 ? null : (
        <Panel title="Attributes" hint="As they leave for a trace back end, content left out">
          {spans.map((span) => (
            <SpanAttributes span={span} zone={zone} />
          ))}
        </Panel>
      )}
    </>
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  backend_away: "The trace back end does not answer; what you see is made of the ledger.",
  backend_refused: "The trace back end refuses the gateway; what you see is made of the ledger.",
  backend_unreadable:
    "The trace back end's answer can't be read; what you see is made of the ledger.",
  trace_not_found:
    "The trace back end does not have this trace (yet); what you see is made of the ledger.",
  trace_not_sampled:
    "This trace was not sampled for the back end; what you see is made of the ledger.",
  trace_partial: "The trace back end has a part of this trace; more may come.",
};

function SourceNotice({ trace }: { readonly trace: Trace }) {
  const { source_code: code } = trace;
  return code === null ? null : <Notice tone="info" title={SOURCES[code] ?? code} />;
}

function hintOf(spans: readonly TraceSpan[]): string {
  const attempts = spans.filter(({ kind }) => kind !== "server").length;
  if (attempts === 0) return "Refused before any provider was asked";
  return attempts === 1 ? "One attempt" : `${attempts} attempts`;
}

function Sums({ request }: { readonly request: TraceSpan }) {
  const value = (name: string) => numberOf(request, name);
  const tookMs =
    request.start === null || request.end === null
      ? null
      : Date.parse(request.end) - Date.parse(request.start);
  const status = value("http.response.status_code");
  const cost = textOf(request, "anyray.cost_usd");
  return (
    <div class="stats">
      <Stat
        label="Status"
        value={status === null ? "none" : String(status)}
        note={textOf(request, "anyray.outcome")?.replaceAll("_", " ") ?? ""}
      />
      <Stat
        label="Took"
        value={formatDuration(tookMs)}
        note={`first byte ${formatDuration(value("anyray.ttfb_ms"))}`}
      />
      <Stat
        label="Tokens in"
        value={countOf(value("gen_ai.usage.input_tokens"))}
        note={cachedOf(request)}
      />
      <Stat label="Tokens out" value={countOf(value("gen_ai.usage.output_tokens"))} />
      <Stat
        label="Cost"
        value={formatUsd(cost)}
        {...(cost === null ? {} : { exact: `${cost} US dollars` })}
        note={textOf(request, "anyray.usage_source") === "estimated" ? "estimated" : ""}
      />
    </div>
  );
}

function countOf(count: number | null): string {
  return count === null ? "–" : formatCount(count);
}

function cachedOf(request: TraceSpan): string {
  const cached = numberOf(request, "gen_ai.usage.cache_read.input_tokens");
  return cached === null || cached === 0 ? "" : `${formatCount(cached)} from cache`;
}

function factsOf(
  visit: Visit,
  trace: Trace,
  request: TraceSpan,
): readonly (readonly [string, JSX.Element])[] {
  const maySpend = canRead(visit, "spend");
  const named = (label: string, attribute: string, href?: (name: string) => string) => {
    const text = textOf(request, attribute);
    if (text === null) return [];
    const link = href?.(text);
    return [
      [label, link === undefined ? <Text text={text} /> : <Link to={link} text={text} />],
    ] as const;
  };
  const person = (kind: string) =>
    maySpend ? (name: string) => `/${kind}s/${encodeURIComponent(name)}` : undefined;
  const { caller } = trace;
  return [
    ["When", <Time at={request.start} zone={visit.preferences.zone} shape="full" />],
    ["Outcome", <Outcome outcome={textOf(request, "anyray.outcome") ?? "unknown"} />],
    ...named("User", "anyray.user", person("user")),
    ...named("Team", "anyray.team", person("team")),
    ...named("Session", "gen_ai.conversation.id", (name) => sessionLink(name, request.start)),
    ...named("Key", "anyray.key_id"),
    ...named("Model asked for", "anyray.model_requested"),
    ...named("Model served", "gen_ai.response.model"),
    ...named("Endpoint", "http.route"),
    ["Trace id", <Text text={trace.trace_id} mono />],
    ...(caller === null
      ? []
      : [
          [
            caller.use === "parent" ? "Part of the caller's trace" : "The caller's own trace",
            <Text text={caller.trace_id} mono />,
          ] as const,
        ]),
    [
      "Spans from",
      <Text text={trace.source === "ledger" ? "the gateway's ledger" : trace.source} />,
    ],
  ];
}

function Link({ to, text }: { readonly to: string; readonly text: string }) {
  return (
    <a href={to} safe>
      {text}
    </a>
  );
}

function SpanAttributes({ span, zone }: { readonly span: TraceSpan; readonly zone: string }) {
  const rows = Object.entries(span.attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const attempt = numberOf(span, "anyray.attempt");
  return (
    <details class="twin">
      <summary safe>
        {`${span.kind === "server" ? "The request" : `Attempt ${attempt ?? ""}`} · ${rows.length} attributes`}
      </summary>
      <div id={`span-${span.span_id}`}>
        <Facts
          rows={[
            ["Span", <Text text={span.span_id} mono />],
            ["Started", <Time at={span.start} zone={zone} shape="full" />],
            ...rows.map(([name, value]) => [name, <Text text={shown(value)} mono />] as const),
          ]}
        />
      </div>
    </details>
  );
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(", ") : String(value);
}
