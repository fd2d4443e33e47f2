/**
 * Every name that a span of ours may carry: OpenTelemetry's GenAI conventions (semantic-conventions-genai, as of late 2026), and
 * our own under `anyray.`. The Collector lets these pass and no other; a test holds `otel-collector/attributes.json` to this list.
 */

/** What an operator may say of the process with `OTEL_RESOURCE_ATTRIBUTES`. */
export const GIVEN_RESOURCE_NAMES = [
  "service.name",
  "service.namespace",
  "service.instance.id",
  "deployment.environment.name",
  "cloud.region",
  "cloud.availability_zone",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.pod.name",
  "k8s.deployment.name",
] as const;

export const RESOURCE_NAMES = [...GIVEN_RESOURCE_NAMES, "service.version"] as const;

export const SPAN_NAMES = [
  "http.request.method",
  "http.route",
  "http.response.status_code",
  "error.type",
  "gen_ai.operation.name",
  "gen_ai.provider.name",
  "gen_ai.conversation.id",
  "gen_ai.request.model",
  "gen_ai.request.stream",
  "gen_ai.response.model",
  "gen_ai.response.finish_reasons",
  "gen_ai.response.time_to_first_chunk",
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.output_tokens",
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.cache_write.input_tokens",
  "gen_ai.usage.reasoning.output_tokens",
  "anyray.request_id",
  "anyray.user",
  "anyray.team",
  "anyray.key_id",
  "anyray.attribution",
  "anyray.credential",
  "anyray.endpoint",
  "anyray.dialect",
  "anyray.provider",
  "anyray.model_requested",
  "anyray.attempt",
  "anyray.outcome",
  "anyray.upstream_status",
  "anyray.service_tier",
  "anyray.ttfb_ms",
  "anyray.usage_source",
  "anyray.cost_usd",
  "anyray.price_version",
  "anyray.unpriced",
  "anyray.saved_input_tokens",
  "anyray.saved_usd",
  "anyray.content.mode",
  "anyray.content.kid",
  "anyray.content.subject",
  "anyray.content.version",
  "anyray.content.input",
  "anyray.content.input.ref",
  "anyray.content.input.bytes",
  "anyray.content.input.sha256",
  "anyray.content.input.omitted",
  "anyray.content.output",
  "anyray.content.output.ref",
  "anyray.content.output.bytes",
  "anyray.content.output.sha256",
  "anyray.content.output.omitted",
] as const;
/** Of what the operator named in `ANYRAY_METADATA_KEYS`, one attribute a key. The Collector knows them by this pattern. */
export const METADATA_NAMES = /^anyray\.metadata\.[A-Za-z][A-Za-z0-9_-]{0,31}$/;

export type SpanName = (typeof SPAN_NAMES)[number] | `anyray.metadata.${string}`;
