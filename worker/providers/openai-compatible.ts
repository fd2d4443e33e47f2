/** OpenAI's API, and every server that speaks it: the base URL holds the version, nothing is added. */
import type { HttpProviderHabits } from "./http-provider.ts";

export const OPENAI_COMPATIBLE: HttpProviderHabits = {
  pathPrefix: "",
  defaultHeaders: [],
  usualModels: ["gpt-5-mini", "gpt-4o-mini"],
};
