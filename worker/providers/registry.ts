/** From configuration to providers: the one place that knows which kinds there are. */
import type { ProviderSettings } from "../config/load.ts";
import type { Destination, Egress } from "../egress.ts";
import type { Catalogue } from "../pricing/catalogue.ts";
import { ANTHROPIC } from "./anthropic/index.ts";
import { createDemoProvider } from "./demo/index.ts";
import { createHttpProvider } from "./http-provider.ts";
import { OPENAI_COMPATIBLE } from "./openai-compatible.ts";
import type { Provider } from "./provider.ts";

/** In configuration order. */
export function createProviders(
  settings: readonly ProviderSettings[],
  catalogue: Catalogue,
  egress: Egress,
): readonly Provider[] {
  return settings.map((each): Provider => {
    const models = each.models ?? catalogue.models(each.priceId);
    switch (each.kind) {
      case "demo":
        return createDemoProvider({
          name: each.name,
          models: each.models,
          endpoints: each.capabilities.endpoints,
          streamUsage: each.capabilities.streamUsage,
        });
      case "anthropic":
        return createHttpProvider(each, models, egress, ANTHROPIC);
      case "openai":
      case "openai-compatible":
        return createHttpProvider(each, models, egress, OPENAI_COMPATIBLE);
    }
  });
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
