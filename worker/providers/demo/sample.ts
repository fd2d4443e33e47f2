/**
 * A value that fits a JSON schema, for tool arguments and structured answers. The same schema always gives the same value.
 * Pure, and bounded whatever the schema. Patterns and conditions (`pattern`, `not`, `if`) are not understood.
 */
import { isObject, type JsonObject } from "../../dialects/read.ts";

/** A schema that refers to itself, or forks, ends here. */
const MAX_DEPTH = 8;
const MAX_VALUES = 256;

const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "demo@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

interface Sampler {
  readonly root: JsonObject;
  valuesLeft: number;
}

export function sampleSchema(schema: unknown): unknown {
  const root = isObject(schema) ? schema : {};
  return sample({ root, valuesLeft: MAX_VALUES }, root, 0);
}

function sample(sampler: Sampler, schema: unknown, depth: number): unknown {
  if (!isObject(schema)) return "demo";
  sampler.valuesLeft -= 1;
  if (depth > MAX_DEPTH || sampler.valuesLeft < 0) return null;
  if ("const" in schema) return schema["const"];
  if ("default" in schema) return schema["default"];
  const [first] = [...listAt(schema, "enum"), ...listAt(schema, "examples")];
  if (first !== undefined) return first;

  const reference = schema["$ref"];
  if (typeof reference === "string") return sample(sampler, resolve(sampler, reference), depth + 1);
  const parts = listAt(schema, "allOf").filter(isObject);
  if (parts.length > 0) return sample(sampler, merge([schema, ...parts]), depth + 1);
  const branch = [...listAt(schema, "anyOf"), ...listAt(schema, "oneOf")].find(
    (each) => !isObject(each) || each["type"] !== "null",
  );
  if (branch !== undefined) return sample(sampler, branch, depth + 1);

  switch (typeOf(schema)) {
    case "object":
      return sampleObject(sampler, schema, depth);
    case "array": {
      const items = schema["items"] ?? listAt(schema, "prefixItems")[0];
      const count = Math.min(
        Math.max(numberAt(schema, "minItems") ?? 1, items === undefined ? 0 : 1),
        16,
      );
      return Array.from({ length: count }, () => sample(sampler, items ?? {}, depth + 1));
    }
    case "integer":
      return Math.ceil(sampleNumber(schema));
    case "number":
      return sampleNumber(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return sampleString(schema);
  }
}

function sampleObject(sampler: Sampler, schema: JsonObject, depth: number): JsonObject {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = new Set(listAt(schema, "required"));
  // Deep down only what must be there, so that a schema which contains itself comes to an end.
  const names = Object.keys(properties).filter((name) => depth < 3 || required.has(name));
  return Object.fromEntries(
    names.map((name) => [name, sample(sampler, properties[name], depth + 1)]),
  );
}

function sampleNumber(schema: JsonObject): number {
  const above = numberAt(schema, "exclusiveMinimum");
  const least = numberAt(schema, "minimum") ?? (above === null ? null : above + 1);
  const most = numberAt(schema, "maximum");
  if (least !== null) return least;
  return most === null ? 1 : Math.min(1, most);
}

function sampleString(schema: JsonObject): string {
  const format = schema["format"];
  const text = (typeof format === "string" ? FORMATS[format] : undefined) ?? "demo";
  const least = Math.min(numberAt(schema, "minLength") ?? 0, 256);
  return text.padEnd(least, "o").slice(0, numberAt(schema, "maxLength") ?? undefined);
}

function typeOf(schema: JsonObject): unknown {
  const type = schema["type"];
  if (Array.isArray(type)) return type.find((each) => each !== "null");
  if (type !== undefined) return type;
  return "properties" in schema ? "object" : "items" in schema ? "array" : "string";
}

/** `#/$defs/address`; a reference that leads nowhere, or out of the schema, gives an empty one. */
function resolve(sampler: Sampler, reference: string): unknown {
  let value: unknown = reference.startsWith("#") ? sampler.root : undefined;
  for (const token of reference.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value ?? {};
}

/** Properties and requirements are joined; of all else the last one counts. */
function merge(schemas: readonly JsonObject[]): JsonObject {
  const { allOf: _, ...joined } = Object.assign({}, ...schemas) as Record<string, unknown>;
  return {
    ...joined,
    properties: Object.assign({}, ...schemas.map((each) => each["properties"])) as unknown,
    required: schemas.flatMap((each) => listAt(each, "required")),
  };
}

function listAt(schema: JsonObject, name: string): readonly unknown[] {
  const member = schema[name];
  return Array.isArray(member) ? member : [];
}

function numberAt(schema: JsonObject, name: string): number | null {
  const member = schema[name];
  return typeof member === "number" && Number.isFinite(member) ? member : null;
}
