/** Where spans go, and where traces are read. */
import { isIdentity } from "../chat.ts";
import { TRACE_BACKENDS, type TraceBackendName } from "../traces/backend/backend.ts";
import { parseBaseUrl } from "./base-url.ts";
import type { Environment } from "./environment.ts";
import type { Report } from "./json-fields.ts";
import { readResourceAttributes, readSampledShare } from "./otel.ts";
import type { SettingName } from "./settings.ts";

const DAY_MS = 86_400_000;

export interface Place {
  readonly url: URL;
  readonly allowPrivate: boolean;
}

export interface TracesConfig {
  /** How long they are shown, and their content is kept; null: for ever. */
  readonly keepMs: number | null;
  /** Whether a caller's span becomes the parent of ours. */
  readonly trustCallers: boolean;
  /** Null: no span leaves the machine. */
  readonly collector: Place | null;
  readonly serviceName: string;
  /** Of the process, by their standard names. */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  /** What may wait while the Collector is away. */
  readonly maxWaitingBytes: number;
  /** What share of the traces leaves the machine, 0 to 1. */
  readonly sampledShare: number;
  /** Null: traces are read from the ledger and the content store. */
  readonly backend: (Place & { readonly name: Exclude<TraceBackendName, "embedded"> }) | null;
}

export function readTraces(environment: Environment, report: Report): TracesConfig {
  const resourceAttributes = readResourceAttributes(environment, report);
  const serviceName =
    (environment.isSet("OTEL_SERVICE_NAME") ? null : resourceAttributes["service.name"]) ??
    environment.text("OTEL_SERVICE_NAME");
  if (!isIdentity(serviceName)) {
    report("OTEL_SERVICE_NAME", "must be a name: letters, digits and . _ @ : / + = -");
  }
  const keepMs = readKeepMs("ANYRAY_TRACE_RETENTION_DAYS", environment);
  const trustCallers = environment.choice("ANYRAY_TRUST_TRACEPARENT", ["true", "false"]) === "true";
  const sampledShare = readSampledShare(environment, report);
  const maxWaitingBytes = environment.whole("ANYRAY_OUTBOX_MAX_BYTES");
  const common = { maxWaitingBytes, keepMs, trustCallers, sampledShare, resourceAttributes };
  const name = environment.choice("ANYRAY_TRACES", TRACE_BACKENDS);
  const collector = readPlace("OTEL_EXPORTER_OTLP_ENDPOINT", environment, report);
  const place = readPlace("ANYRAY_TRACES_URL", environment, report);
  if (name === "embedded") {
    if (place !== null) {
      report("ANYRAY_TRACES_URL", "is given, but ANYRAY_TRACES names no back end to read there.");
    }
    return { ...common, collector, serviceName, backend: null };
  }
  if (environment.text("ANYRAY_TRACES_URL") === "") {
    report("ANYRAY_TRACES_URL", `is needed for ANYRAY_TRACES=${name}: where its API answers.`);
  }
  if (environment.text("OTEL_EXPORTER_OTLP_ENDPOINT") === "") {
    report(
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      `is needed for ANYRAY_TRACES=${name}: nothing gets there.`,
    );
  }
  return { ...common, collector, serviceName, backend: place === null ? null : { name, ...place } };
}

/** How long something is kept; null, written as 0: for ever. */
export function readKeepMs(name: SettingName, environment: Environment): number | null {
  const days = environment.whole(name);
  return days === 0 ? null : days * DAY_MS;
}

export function readPlace(
  name: SettingName,
  environment: Environment,
  report: Report,
): Place | null {
  const text = environment.text(name);
  if (text === "") return null;
  const parsed = parseBaseUrl(text);
  if (parsed.ok) return { url: parsed.url, allowPrivate: !parsed.isPublicAddress };
  report(name, parsed.problem);
  return null;
}
