/** A provider behind HTTP, as the operator configured it: where requests go, with which credential, headers and query. */
import type { ProviderSettings } from "../config/load.ts";
import { AUTH_HEADER } from "../config/provider-settings.ts";
import type { Egress, HeaderList } from "../egress.ts";
import type { Provider } from "./provider.ts";

export interface HttpProviderHabits {
  /** Between the base URL's path and a request's; `/v1` where the base URL leaves it out. */
  readonly pathPrefix: string;
  /** Sent where neither the caller nor the operator does. */
  readonly defaultHeaders: HeaderList;
  /** What its users ask for today, cheap ones: they come first where the price data lists them, old ones come after. */
  readonly usualModels: readonly string[];
}

export function createHttpProvider(
  settings: ProviderSettings,
  catalogue: readonly string[],
  egress: Egress,
  habits: HttpProviderHabits,
): Provider {
  const { baseUrl } = settings;
  const { origin } = baseUrl;
  const basePath = (baseUrl.pathname === "/" ? "" : baseUrl.pathname) + habits.pathPrefix;
  const managed = {
    headers: [...settings.headers, ...managedHeaders(settings)],
    query: queryText(settings.query),
  };
  // Beside the caller's own credential none of the operator's goes up, or it would be the one that counts.
  const unmanaged = {
    headers: settings.headers.filter(isNoCredential),
    query: queryText(settings.query.filter(isNoCredential)),
  };
  const overridden = new Set(settings.headers.map(([name]) => name));

  return {
    name: settings.name,
    endpoints: settings.capabilities.endpoints,
    models: settings.models,
    catalogue,
    streamUsage: settings.capabilities.streamUsage,
    priceId: settings.priceId,
    send(request) {
      const headers = request.headers.filter(([name]) => !overridden.has(name));
      const ours = request.callerCredential === null ? managed : unmanaged;
      headers.push(...ours.headers);
      if (request.callerCredential !== null) headers.push(request.callerCredential);
      for (const header of habits.defaultHeaders) {
        if (!headers.some(([name]) => name === header[0])) headers.push(header);
      }
      return egress.send({
        destination: settings.name,
        origin,
        method: request.method,
        pathAndQuery: basePath + request.path + joinQuery(request.query, ours.query),
        headers,
        body: request.body,
        ...(request.upload === undefined ? {} : { upload: request.upload }),
        ...(request.isOnce === undefined ? {} : { isOnce: request.isOnce }),
      });
    },
  };
}

/** As far as a name tells. */
const CREDENTIAL_NAME = /auth|cookie|key|pass|secret|sig|token/i;

function isNoCredential([name]: readonly [name: string, value: string]): boolean {
  return !CREDENTIAL_NAME.test(name);
}

function queryText(query: ProviderSettings["query"]): string {
  return new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
}

function managedHeaders(settings: ProviderSettings): HeaderList {
  const name = AUTH_HEADER[settings.auth];
  if (name === null || settings.apiKey === null) return [];
  return [[name, settings.auth === "bearer" ? `Bearer ${settings.apiKey}` : settings.apiKey]];
}

/** The operator's parameters come last, where most servers let them win. */
function joinQuery(callers: string, own: string): string {
  const joined = [callers, own].filter((part) => part !== "").join("&");
  return joined === "" ? "" : `?${joined}`;
}
