/** From configuration to providers: the one place that knows which kinds there are. */
import type { ProviderSettings } from "../config/load.ts";
import type { Destination, Egress } from "../egress.ts";
import type { Catalogue } from "../pricing/catalogue.ts";
import { ANTHROPIC } from "./anthropic/index.ts";
import { createDemoProvider } from "./demo/index.ts";
import { createHttpProvider, type HttpProviderHabits } from "./http-provider.ts";
import { OPENAI_COMPATIBLE } from "./openai-compatible.ts";
import type { Provider } from "./provider.ts";

/** In configuration order. */
export function createProviders(
  settings: readonly ProviderSettings[],
  catalogue: Catalogue,
  egress: Egress,
): readonly Provider[] {
  return settings.map((each): Provider => {
    if (each.kind === "demo") {
      return createDemoProvider({
        name: each.name,
        models: each.models,
        endpoints: each.capabilities.endpoints,
        streamUsage: each.capabilities.streamUsage,
      });
    }
    const habits = each.kind === "anthropic" ? ANTHROPIC : OPENAI_COMPATIBLE;
    const models = each.models ?? usualFirst(catalogue.models(each.priceId), habits);
    return createHttpProvider(each, models, egress, habits);
  });
}

function usualFirst(models: readonly string[], habits: HttpProviderHabits): readonly string[] {
  const usual = habits.usualModels.filter((model) => models.includes(model));
  return [...usual, ...models.filter((model) => !usual.includes(model))];
}

/** Where the providers are: what the way out must let through. The demo is in process and goes nowhere. */
export function providerDestinations(settings: readonly ProviderSettings[]): Destination[] {
  return settings
    .filter((each) => each.kind !== "demo")
    .map((each) => ({
      name: each.name,
      origin: each.baseUrl.origin,
      reason: "provider",
      allowPrivate: each.allowPrivate,
    }));
}
