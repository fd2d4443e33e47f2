/** Which provider a request that passes unread goes to. Pure. */
import type { OpaqueEndpoint } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { Caller } from "../pipeline/authenticate.ts";
import { isModelAllowed, type Routing, type Target } from "../pipeline/target.ts";
import type { Provider } from "../providers/provider.ts";

/** By which a caller names a provider where no model does. */
export const PROVIDER_HEADER = "x-anyray-provider";

export interface Asked {
  readonly endpoint: OpaqueEndpoint;
  /** Of a JSON body; null: none was named, or the body is not read. */
  readonly model: string | null;
  /** The header's. */
  readonly provider: string | null;
}

/**
 * The model's provider (`provider/model`, or an alias); else the header's; in pass-through the key's; else the only provider that
 * offers the endpoint; else, of those that do, the first that has the model. `model` is empty where none was named.
 * @throws GatewayError `invalid_request`, `unsupported_dialect`, `model_not_found`
 */
export function chooseOpaqueTarget(routing: Routing, caller: Caller, asked: Asked): Target {
  const offering = routing.providers.filter((provider) => provider.endpoints.has(asked.endpoint));
  if (offering.length === 0) {
    throw new GatewayError("unsupported_dialect", {
      hint: `No provider offers ${asked.endpoint}: the operator can name it in a provider's capabilities.endpoints.`,
    });
  }
  const name = asked.model === null ? null : (routing.aliases.get(asked.model) ?? asked.model);
  const prefixed = name === null ? null : byPrefix(routing, name);
  const said = byHeader(routing, asked.provider);
  if (prefixed !== null && said !== null && prefixed.provider !== said) {
    throw new GatewayError("invalid_request", {
      field: PROVIDER_HEADER,
      hint: "The model names another provider.",
    });
  }
  const target = prefixed ?? {
    provider: said ?? ofCaller(routing, caller) ?? onlyOne(offering, name, asked.endpoint),
    model: name ?? "",
  };
  if (!offering.includes(target.provider)) throw new GatewayError("unsupported_dialect");
  const { models } = target.provider;
  if (name !== null && models !== null && !models.includes(target.model)) {
    throw new GatewayError("model_not_found", { field: "model" });
  }
  return target;
}

function byPrefix({ providers }: Routing, name: string): Target | null {
  const slash = name.indexOf("/");
  const provider = providers.find((candidate) => candidate.name === name.slice(0, slash));
  const model = name.slice(slash + 1);
  return slash < 0 || provider === undefined || model === "" ? null : { provider, model };
}

function byHeader({ providers }: Routing, name: string | null): Provider | null {
  if (name === null) return null;
  const provider = providers.find((candidate) => candidate.name === name);
  if (provider !== undefined) return provider;
  throw new GatewayError("invalid_request", {
    field: PROVIDER_HEADER,
    hint: "There is no such provider.",
  });
}

/** The only one that may get the caller's own credential. */
function ofCaller({ providers }: Routing, { credential, key }: Caller): Provider | null {
  if (credential === "managed") return null;
  return providers.find((provider) => provider.name === key.passthrough) ?? null;
}

function onlyOne(
  offering: readonly Provider[],
  model: string | null,
  endpoint: OpaqueEndpoint,
): Provider {
  const [first, ...others] = offering;
  if (first !== undefined && others.length === 0) return first;
  const having = offering.find((provider) => model !== null && provider.catalogue.includes(model));
  if (having !== undefined) return having;
  throw new GatewayError("invalid_request", {
    field: PROVIDER_HEADER,
    hint: `More than one provider offers ${endpoint}: name one in this header, or as provider/model in the body's model.`,
  });
}

/**
 * A list of models on the key holds here, too: where the model can't be seen, the key must be allowed all of the provider's.
 * @throws GatewayError `forbidden`, `model_not_allowed`
 */
export function checkOpaqueAllowed(
  caller: Caller,
  target: Target,
  { endpoint, model }: Asked,
): void {
  const { endpoints, models, passthrough } = caller.key;
  if (endpoints !== null && !endpoints.includes(endpoint)) {
    throw new GatewayError("forbidden", { hint: `The key is not for ${endpoint}.` });
  }
  if (!isModelAllowed(models, target)) {
    throw new GatewayError(
      "model_not_allowed",
      model === null
        ? {
            hint: "The gateway can't see which model is meant, so the key must be allowed all of the provider's (`provider/*`).",
          }
        : { field: "model" },
    );
  }
  if (caller.credential === "passthrough" && passthrough !== target.provider.name) {
    throw new GatewayError("forbidden", {
      field: PROVIDER_HEADER,
      hint: "The key's pass-through is for another provider.",
    });
  }
}
