/** The demo's embeddings: unit vectors made from the input's hash. Source: OpenAI API reference, "Embeddings". */
import { Buffer } from "node:buffer";
import type { JsonObject } from "../../dialects/read.ts";
import { optionalInteger, requiredTexts } from "./fields.ts";
import { hashText } from "./hash.ts";
import type { DemoModel } from "./models.ts";
import { RefusedRequest } from "./refusal.ts";
import { countTokens } from "./tokens.ts";

const DEFAULT_DIMENSIONS = 256;
const MAX_DIMENSIONS = 3072;
const MAX_INPUTS = 2048;
/** Numbers in one answer: some 20 MB of JSON. */
const MAX_NUMBERS = 2 ** 20;

export interface EmbeddingsRequest {
  readonly inputs: readonly unknown[];
  readonly dimensions: number;
  readonly isBase64: boolean;
}

/** @throws RefusedRequest */
export function readEmbeddings(body: JsonObject): EmbeddingsRequest {
  const inputs = requiredTexts(body, "input");
  if (inputs.length === 0 || inputs.length > MAX_INPUTS || inputs.includes("")) {
    throw new RefusedRequest(
      `Invalid 'input': expected 1 to ${MAX_INPUTS} texts, none empty.`,
      "input",
    );
  }
  const format = body["encoding_format"] ?? "float";
  if (format !== "float" && format !== "base64") {
    throw new RefusedRequest(
      "Invalid 'encoding_format': expected 'float' or 'base64'.",
      "encoding_format",
    );
  }
  const dimensions = optionalInteger(body, "dimensions", 1, MAX_DIMENSIONS) ?? DEFAULT_DIMENSIONS;
  if (inputs.length * dimensions > MAX_NUMBERS) {
    throw new RefusedRequest("Invalid 'input': too many texts for so many dimensions.", "input");
  }
  return {
    inputs,
    dimensions,
    isBase64: format === "base64",
  };
}

/** The answer: JSON text. */
export function encodeEmbeddings(request: EmbeddingsRequest, model: DemoModel): string {
  const tokens = request.inputs.reduce<number>(
    (sum, input) => sum + Math.max(1, countTokens(input)),
    0,
  );
  return JSON.stringify({
    object: "list",
    data: request.inputs.map((input, index) => {
      const vector = unitVector(JSON.stringify(input), request.dimensions);
      return {
        object: "embedding",
        index,
        embedding: request.isBase64 ? toBase64(vector) : [...vector],
      };
    }),
    model: model.id,
    ...(model.reportsUsage ? { usage: { prompt_tokens: tokens, total_tokens: tokens } } : {}),
  });
}

/** Length 1; xorshift32 numbers from the text's hash. */
function unitVector(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  let state = hashText(text) || 1;
  let squares = 0;
  for (let at = 0; at < dimensions; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const value = state / 2 ** 31;
    vector[at] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}

/** Little-endian 32-bit floats, as the API has them. */
function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}
