import { describe, expect, test } from "bun:test";
import { sampleSchema } from "./sample.ts";

describe("a sample of a schema", () => {
  const cases: readonly [what: string, schema: unknown, sample: unknown][] = [
    ["a string", { type: "string" }, "demo"],
    ["a string of some length", { type: "string", minLength: 6 }, "demooo"],
    ["a short string", { type: "string", maxLength: 2 }, "de"],
    ["a formatted string", { type: "string", format: "date" }, "2026-01-31"],
    ["a number within bounds", { type: "number", maximum: -3 }, -3],
    ["an integer above one", { type: "integer", exclusiveMinimum: 1.5 }, 3],
    ["a list", { type: "array", items: { type: "boolean" }, minItems: 2 }, [true, true]],
    ["an enumeration", { enum: ["celsius", "kelvin"] }, "celsius"],
    ["a constant", { const: 7 }, 7],
    ["a type or null", { type: ["null", "integer"] }, 1],
    ["null or another", { anyOf: [{ type: "null" }, { type: "boolean" }] }, true],
    [
      "all of several",
      {
        allOf: [
          { type: "object", properties: { a: { const: 1 } } },
          { properties: { b: { const: 2 } } },
        ],
      },
      { a: 1, b: 2 },
    ],
    ["a definition", { $ref: "#/$defs/unit", $defs: { unit: { enum: ["m"] } } }, "m"],
    ["an object without a type", { properties: { on: { type: "boolean" } } }, { on: true }],
    ["a reference that leads nowhere", { $ref: "#/$defs/none" }, "demo"],
    ["no schema at all", undefined, "demo"],
  ];
  for (const [what, schema, sample] of cases) {
    test(`of ${what}`, () => expect(sampleSchema(schema)).toEqual(sample));
  }

  test("of one that contains itself comes to an end", () => {
    const tree = {
      type: "object",
      properties: {
        name: { type: "string" },
        left: { $ref: "#" },
        right: { $ref: "#" },
        rest: { type: "array", items: { $ref: "#" } },
      },
      required: ["name", "left", "right"],
    };
    const text = JSON.stringify(sampleSchema(tree));
    expect(text.length).toBeLessThan(20_000);
    expect(sampleSchema(tree)).toMatchObject({ name: "demo", left: { name: "demo" } });
  });
});
