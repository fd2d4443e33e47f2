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
  const ownQuery = new URLSearchParams(settings.query.map(([name, value]) => [name, value]));
  const queryText = ownQuery.toString();
  const managed = managedHeaders(settings);
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
      headers.push(...settings.headers);
      headers.push(...(request.callerCredential === null ? managed : [request.callerCredential]));
      for (const header of habits.defaultHeaders) {
        if (!headers.some(([name]) => name === header[0])) headers.push(header);
      }
      return egress.send({
        destination: settings.name,
        origin,
        method: request.method,
        pathAndQuery: basePath + request.path + joinQuery(request.query, queryText),
        headers,
        body: request.body,
        ...(request.upload === undefined ? {} : { upload: request.upload }),
        ...(request.isOnce === undefined ? {} : { isOnce: request.isOnce }),
      });
    },
  };
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
