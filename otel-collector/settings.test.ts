/**
 * What the YAML files say, held against facts: Tempo's keys and defaults as its published manifest for 3.0 lists them, and
 * the sizes that must fit into each other. Tempo is not run here. Runs on Bun, whose YAML parser reads the files.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { METADATA_NAMES } from "../worker/traces/names.ts";
import allowed from "./attributes.json" with { type: "json" };

/** The default of `ANYRAY_CONTENT_INLINE_MAX_BYTES`: an envelope as large as this is an attribute, in base64. */
const INLINE_BYTES = 16 * 1024;
const INLINE_CHARACTERS = Math.ceil(INLINE_BYTES / 3) * 4;

type Scalar = string | number | boolean;

/** Every scalar by its dotted path; the members of a list count as one. */
function flatten(value: unknown, path = ""): Map<string, Scalar> {
  if (Array.isArray(value)) return new Map([[path, value.join(" ")]]);
  if (typeof value === "object" && value !== null) {
    return new Map(
      Object.entries(value).flatMap(([key, each]) => [
        ...flatten(each, path === "" ? key : `${path}.${key}`),
      ]),
    );
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return new Map([[path, value]]);
  }
  throw new Error(`${path} has no value`);
}

function readSettings(name: string): Map<string, Scalar> {
  return flatten(Bun.YAML.parse(readFileSync(join(import.meta.dirname, name), "utf8")));
}

function sizeOf(settings: ReadonlyMap<string, Scalar>, path: string): number {
  const value = settings.get(path);
  if (typeof value !== "number") throw new Error(`${path} is no number`);
  return value;
}

describe("tempo.yaml", () => {
  const settings = readSettings("tempo.yaml");

  /** Every key that the file may have: Tempo's default, and what ours must be. */
  const FACTS: Readonly<Record<string, { readonly default: Scalar; readonly ours: Scalar }>> = {
    "usage_report.reporting_enabled": { default: true, ours: false },
    "server.http_listen_port": { default: 3200, ours: 3200 },
    "distributor.receivers.otlp.protocols.http.endpoint": {
      default: "localhost:4318",
      ours: "0.0.0.0:4318",
    },
    "distributor.max_attribute_bytes": { default: 2048, ours: 65_536 },
    "overrides.defaults.global.max_bytes_per_trace": { default: 5_000_000, ours: 20_000_000 },
    "overrides.defaults.ingestion.rate_limit_bytes": { default: 15_000_000, ours: 30_000_000 },
    "overrides.defaults.ingestion.burst_size_bytes": { default: 20_000_000, ours: 60_000_000 },
    "storage.trace.backend": { default: "", ours: "local" },
    "storage.trace.local.path": { default: "", ours: "/var/tempo/blocks" },
    "storage.trace.wal.path": { default: "/var/tempo/wal", ours: "/var/tempo/wal" },
    "backend_scheduler.provider.compaction.compaction.block_retention": {
      default: "336h",
      ours: "${TEMPO_RETENTION}",
    },
    "backend_worker.compaction.block_retention": { default: "336h", ours: "${TEMPO_RETENTION}" },
    "query_frontend.search.default_result_limit": { default: 20, ours: 20 },
    "query_frontend.search.max_duration": { default: "168h", ours: "168h" },
  };

  test("has the keys of the table and no others, each with its value", () => {
    const ours = Object.entries(FACTS).map(([key, fact]): [string, Scalar] => [key, fact.ours]);
    expect([...settings].sort()).toEqual(ours.sort());
  });

  test("takes a sealed part at the inline limit whole, where the default would cut it", () => {
    const key = "distributor.max_attribute_bytes";
    expect(FACTS[key]?.default).toBeLessThan(INLINE_CHARACTERS);
    expect(sizeOf(settings, key)).toBeGreaterThanOrEqual(2 * INLINE_CHARACTERS);
  });

  test("takes a trace of many attempts with both parts", () => {
    const trace = sizeOf(settings, "overrides.defaults.global.max_bytes_per_trace");
    expect(trace).toBeGreaterThan(100 * 2 * INLINE_CHARACTERS);
  });

  test("names the switch to S3 without a key in it", () => {
    const text = readFileSync(join(import.meta.dirname, "tempo.yaml"), "utf8");
    const commented = text
      .split("\n")
      .filter((line) => /^\s+# {1,4}(?:s3:|\s*\w+: \$\{)/.test(line));
    const block = commented.map((line) => line.replace("# ", "")).join("\n");
    expect(Bun.YAML.parse(block)).toEqual({
      s3: {
        endpoint: "${TEMPO_S3_ENDPOINT}",
        region: "${TEMPO_S3_REGION}",
        bucket: "${TEMPO_S3_BUCKET}",
        access_key: "${TEMPO_S3_ACCESS_KEY}",
        secret_key: "${TEMPO_S3_SECRET_KEY}",
      },
    });
  });
});

describe("collector.yaml", () => {
  const settings = readSettings("collector.yaml");
  const queue = "exporters.otlp_http.sending_queue";

  test("lets through what is on the list, and drops all else", () => {
    expect(settings.get("processors.redaction.allow_all_keys")).toBe(false);
    expect(settings.get("processors.redaction.allowed_keys")).toBe(
      "${file:${env:COLLECTOR_ATTRIBUTES:-/etc/otelcol/attributes.json}}",
    );
    expect(settings.get("processors.redaction.ignored_key_patterns")).toBe(METADATA_NAMES.source);
    // `debug` would write the names of what it removed.
    expect(settings.get("processors.redaction.summary")).toBe("info");
    expect(settings.get("service.pipelines.traces.processors")).toBe("memory_limiter redaction");
  });

  test("keeps what it answered on disk until it is delivered", () => {
    expect(settings.get(`${queue}.storage`)).toBe("file_storage");
    expect(settings.get("extensions.file_storage.fsync")).toBe(true);
    expect(settings.get("extensions.file_storage.create_directory")).toBe(true);
    expect(settings.get("exporters.otlp_http.retry_on_failure.max_elapsed_time")).toBe("0s");
  });

  test("has sizes that fit into each other", () => {
    const span = 2 * INLINE_CHARACTERS + 8 * 1024;
    const body = sizeOf(settings, "receivers.otlp.protocols.http.max_request_body_size");
    const batch = sizeOf(settings, `${queue}.batch.max_size`);
    expect(body).toBe(20 * 1024 * 1024);
    expect(batch).toBeGreaterThan(32 * span);
    // Tempo's own receiver takes no larger body than ours, and its burst must have room for two batches at once.
    expect(batch).toBeLessThan(body);
    const burst = sizeOf(
      readSettings("tempo.yaml"),
      "overrides.defaults.ingestion.burst_size_bytes",
    );
    expect(batch * sizeOf(settings, `${queue}.num_consumers`)).toBeLessThan(burst);
    expect(sizeOf(settings, `${queue}.queue_size`)).toBeGreaterThan(10_000 * span);
  });

  test("opens no door but OTLP and health, and tells nobody of itself", () => {
    const listening = [...settings]
      .filter(([path]) => path.endsWith("endpoint"))
      .map(([path]) => path);
    expect(listening).toEqual([
      "receivers.otlp.protocols.http.endpoint",
      "exporters.otlp_http.endpoint",
      "extensions.health_check.endpoint",
    ]);
    expect(settings.get("service.telemetry.metrics.level")).toBe("none");
    expect(
      [...settings.keys()].filter((path) => path.startsWith("service.telemetry.traces")),
    ).toEqual([]);
  });

  test("is built from the parts that it uses, all of the published image's version", () => {
    const builder = readFileSync(join(import.meta.dirname, "builder.yaml"), "utf8");
    const compose = readFileSync(join(import.meta.dirname, "../docker-compose.yml"), "utf8");
    const image = /opentelemetry-collector-contrib:(\d+\.\d+\.\d+)@sha256:/.exec(compose)?.[1];
    const versions = new Set([...builder.matchAll(/ v(0\.\S+)$/gm)].map((match) => match[1]));
    expect([...versions]).toEqual([image ?? "none"]);
    expect(readFileSync(join(import.meta.dirname, "programs.ts"), "utf8")).toContain(
      `/cmd/builder@v${image}"`,
    );
  });
});

describe("the list of attributes", () => {
  test("has every name once", () => {
    expect(allowed.filter((name, index) => allowed.indexOf(name) !== index)).toEqual([]);
  });

  test("has only names of the conventions and our own", () => {
    const known =
      /^(?:service|deployment|cloud|k8s|http|server|gen_ai|anyray)\.[a-z0-9_.]+$|^error\.type$/;
    expect(allowed.filter((name) => !known.test(name))).toEqual([]);
  });

  test("has nothing that could hold a prompt, an answer or free text in the clear", () => {
    const open =
      /messages|system_instructions|prompt|tool|stop_sequences|exception|url|user_agent|query|header|body|description|message/;
    expect(allowed.filter((name) => open.test(name))).toEqual([]);
  });
});
