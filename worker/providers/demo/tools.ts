/** Which tool the caller wants called, in each dialect's words. Pure. Only function tools are known: all others are skipped. */
import { isObject, objectAt, stringAt, type JsonObject } from "../../dialects/read.ts";
import { RefusedRequest } from "./refusal.ts";

export interface DemoTool {
  readonly name: string;
  /** JSON schema of its arguments, as the caller sent it. */
  readonly schema: unknown;
}

export type ToolWish =
  /** None is offered, or none may be called. */
  | { readonly kind: "none" }
  /** The model may call it. */
  | { readonly kind: "may"; readonly tool: DemoTool }
  /** The model must. */
  | { readonly kind: "must"; readonly tool: DemoTool };

/** @throws RefusedRequest */
export function chatTools(tools: readonly JsonObject[], choice: unknown): ToolWish {
  const offered = tools.flatMap((tool) => {
    const definition = objectAt(tool, "function");
    return definition === null ? [] : toTool(definition, "parameters");
  });
  const named = isObject(choice) ? objectAt(choice, "function") : null;
  return wish(offered, typeof choice === "string" ? choice : null, named);
}

/** @throws RefusedRequest */
export function responsesTools(tools: readonly JsonObject[], choice: unknown): ToolWish {
  const offered = tools
    .filter((tool) => tool["type"] === "function")
    .flatMap((tool) => toTool(tool, "parameters"));
  const named = isObject(choice) && choice["type"] === "function" ? choice : null;
  return wish(offered, typeof choice === "string" ? choice : null, named);
}

/** @throws RefusedRequest */
export function anthropicTools(tools: readonly JsonObject[], choice: JsonObject | null): ToolWish {
  // Tools with an `input_schema` are the caller's; those of the provider have a `type` alone.
  const offered = tools
    .filter((tool) => isObject(tool["input_schema"]))
    .flatMap((tool) => toTool(tool, "input_schema"));
  const type = choice === null ? null : stringAt(choice, "type");
  return wish(offered, type === "any" ? "required" : type, type === "tool" ? choice : null);
}

function toTool(definition: JsonObject, schemaMember: string): DemoTool[] {
  const name = stringAt(definition, "name");
  return name === null ? [] : [{ name, schema: definition[schemaMember] }];
}

function wish(
  offered: readonly DemoTool[],
  choice: string | null,
  named: JsonObject | null,
): ToolWish {
  const name = named === null ? null : named["name"];
  const tool = name === null ? offered[0] : offered.find((each) => each.name === name);
  const isForced = name !== null || choice === "required";
  if (tool === undefined) {
    if (!isForced) return { kind: "none" };
    throw new RefusedRequest("'tool_choice' names no tool that is offered.", "tool_choice");
  }
  if (choice === "none") return { kind: "none" };
  return { kind: isForced ? "must" : "may", tool };
}
