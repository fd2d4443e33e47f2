/**
 * Under which id the price data knows a provider. The data itself says which hosts are whose; no provider is named here.
 */
import { findProvider } from "@pydantic/genai-prices";

/** The made-up price list of the built-in demo, so that money shows before any real provider is configured. */
export const DEMO_PRICE_ID = "demo";

/** Exactly this id: the package's own look-up also accepts names that merely contain one. */
export function isPriceId(id: string): boolean {
  return findProvider({ providerId: id })?.id === id;
}

/** The provider whose id is just this name; also that of the demo's made-up price list. */
export function findPriceIdByName(name: string): string | null {
  return name === DEMO_PRICE_ID || isPriceId(name) ? name : null;
}

/**
 * The owner of the host; else the provider whose id is the operator's name for it (a relay, a private endpoint); else what the kind
 * stands for. Null: nobody knows its prices.
 */
export function findPriceId(name: string, kind: string, baseUrl: URL): string | null {
  const ofHost = findProvider({ providerApiUrl: `${baseUrl.origin}${baseUrl.pathname}` });
  if (ofHost !== undefined) return ofHost.id;
  const ofName = findPriceIdByName(name);
  if (ofName !== null) return ofName;
  return isPriceId(kind) ? kind : null;
}
