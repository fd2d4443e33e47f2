/**
 * Anthropic's API. Its SDK's base URL leaves `/v1` out, and every request must name the API's version.
 * Source: Anthropic API reference, "Versions".
 */
import type { HttpProviderHabits } from "../http-provider.ts";

export const ANTHROPIC: HttpProviderHabits = {
  pathPrefix: "/v1",
  defaultHeaders: [["anthropic-version", "2023-06-01"]],
  usualModels: ["claude-haiku-4-5", "claude-sonnet-4-5"],
};
