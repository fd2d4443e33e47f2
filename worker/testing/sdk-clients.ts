/** Every official client package, pointed at a gateway process. The packages are as their registries have them. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { GatewayProcess } from "./gateway-process.ts";

/** Well-formed, and of no gateway. */
export const WRONG_KEY = `ark_${"0".repeat(49)}`;

let sessions = 0;

/** Clients whose requests are one session in the ledger, and carry its name to the provider in `x-test-id`. */
export function openClients(gateway: GatewayProcess, key = gateway.clientKey) {
  const session = `sdk-${(sessions += 1)}`;
  const headers = { "x-anyray-metadata": JSON.stringify({ session }), "x-test-id": session };
  const v1 = { baseURL: `${gateway.url}/v1`, apiKey: key, headers };
  return {
    session,
    openai: new OpenAI({ baseURL: v1.baseURL, apiKey: key, defaultHeaders: headers }),
    anthropic: new Anthropic({ baseURL: gateway.url, apiKey: key, defaultHeaders: headers }),
    bearer: new Anthropic({
      baseURL: gateway.url,
      apiKey: null,
      authToken: key,
      defaultHeaders: headers,
    }),
    ai: {
      openai: createOpenAI(v1),
      compatible: createOpenAICompatible({ ...v1, name: "anyray", includeUsage: true }),
      anthropic: createAnthropic(v1),
    },
  };
}

/** What a call was rejected with. The packages' own promises are not what `rejects` takes. */
export async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}
