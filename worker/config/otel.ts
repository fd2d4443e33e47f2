/** The standard variables of OpenTelemetry that the gateway obeys (OpenTelemetry specification, "Environment variables"). */
import { isIdentity } from "../chat.ts";
import { GIVEN_RESOURCE_NAMES } from "../traces/names.ts";
import type { Environment } from "./environment.ts";
import type { Report } from "./json-fields.ts";

/** `parentbased_…` decides as for a root, since a caller's flag is not read. */
export const TRACE_SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

const KNOWN: ReadonlySet<string> = new Set(GIVEN_RESOURCE_NAMES);

/** What share of the traces leave the machine, 0 to 1. */
export function readSampledShare(environment: Environment, report: Report): number {
  const sampler = environment.choice("OTEL_TRACES_SAMPLER", TRACE_SAMPLERS);
  const text = environment.text("OTEL_TRACES_SAMPLER_ARG");
  const share = Number(text);
  if (!/^\d{1,3}(\.\d{1,15})?$/.test(text) || share > 1) {
    report("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1, such as 0.25.");
  }
  if (sampler.endsWith("always_off")) return 0;
  return sampler.endsWith("always_on") ? 1 : share;
}

/** `name=value,…`, values percent-encoded; those of a name that may leave. */
export function readResourceAttributes(
  environment: Environment,
  report: Report,
): Readonly<Record<string, string>> {
  const name = "OTEL_RESOURCE_ATTRIBUTES";
  const found: Record<string, string> = {};
  for (const pair of environment.text(name).split(",")) {
    if (pair.trim() === "") continue;
    const [key = "", ...rest] = pair.split("=");
    const value = decode(rest.join("=").trim());
    if (rest.length === 0 || value === null) {
      report(name, "must be `name=value` pairs, joined by commas, with percent-encoded values.");
      break;
    }
    if (!KNOWN.has(key.trim())) continue;
    if (isIdentity(value)) found[key.trim()] = value;
    else report(name, `has for ${key.trim()} what is no name: letters, digits and . _ @ : / + = -`);
  }
  return found;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
