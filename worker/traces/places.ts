/** From the configuration of traces to what is sent to and read from. */
import { randomUUID } from "node:crypto";
import about from "../../package.json" with { type: "json" };
import type { TracesConfig } from "../config/traces.ts";
import type { Destination, Egress } from "../egress.ts";
import type { TraceBackend } from "./backend/backend.ts";
import { createAskJson, TRACE_BACKEND } from "./backend/client.ts";
import { createJaeger } from "./backend/jaeger.ts";
import { createTempo } from "./backend/tempo.ts";
import { COLLECTOR, sendSpans } from "./exporter.ts";
import type { Resource } from "./otlp.ts";
import { runRoundTrip, type RoundTrip, type RoundTripOptions } from "./round-trip.ts";

export function traceDestinations({ collector, backend }: TracesConfig): Destination[] {
  const places = [
    { name: COLLECTOR, reason: "collector", place: collector },
    { name: TRACE_BACKEND, reason: "trace back end", place: backend },
  ];
  return places.flatMap(({ name, reason, place }) =>
    place === null
      ? []
      : [{ name, reason, origin: place.url.origin, allowPrivate: place.allowPrivate }],
  );
}

/** Where the Collector takes spans; null without one. */
export function exportPath({ collector }: TracesConfig): string | null {
  return collector === null ? null : `${basePath(collector.url)}/v1/traces`;
}

export function createTraceBackend(
  { backend, serviceName }: TracesConfig,
  egress: Pick<Egress, "send">,
): TraceBackend | null {
  if (backend === null) return null;
  const ask = createAskJson(egress, basePath(backend.url));
  return backend.name === "jaeger" ? createJaeger(ask, serviceName) : createTempo(ask);
}

export interface RoundTripParts extends Pick<
  RoundTripOptions,
  "inlineMaxBytes" | "newTraceId" | "now" | "random" | "resource"
> {
  readonly egress: Pick<Egress, "send">;
}

/** Makes one round trip each time it is called; null where no back end is read. */
export function createRoundTrip(
  traces: TracesConfig,
  { egress, ...parts }: RoundTripParts,
): (() => Promise<RoundTrip>) | null {
  const path = exportPath(traces);
  const backend = createTraceBackend(traces, egress);
  if (path === null || backend === null) return null;
  return () =>
    runRoundTrip({
      ...parts,
      backend,
      send: (body) => sendSpans(egress, path, body),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
}

/** Of this process. */
export function createResource({ serviceName, resourceAttributes }: TracesConfig): Resource {
  return {
    attributes: resourceAttributes,
    serviceName,
    serviceVersion: about.version,
    instanceId: resourceAttributes["service.instance.id"] ?? randomUUID(),
  };
}

function basePath({ pathname }: URL): string {
  return pathname === "/" ? "" : pathname;
}
