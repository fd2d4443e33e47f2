/**
 * The headers that an operator adds to every request of a provider: what may stand there.
 */
import { expand, type LookUp } from "./expand.ts";
import type { Fields, Report } from "./json-fields.ts";
import { AUTH_HEADER, type ProviderAuth, type ProviderSettings } from "./provider-settings.ts";

/** Hop-by-hop (RFC 9110 §7.6.1), framing, and what the gateway itself decides. */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "accept-encoding",
  "expect",
]);
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;

/** Names in lower case; what was reported is left out. */
export function readHeaders(
  fields: Fields,
  auth: ProviderAuth,
  lookUp: LookUp | null,
  report: Report,
): ProviderSettings["headers"] {
  const headers: [string, string][] = [];
  for (const [given, template] of fields.pairs("headers") ?? []) {
    // Quoted only once it is known to be a plain token.
    const isName = HEADER_NAME.test(given);
    const where = isName ? `${fields.at("headers")}.${given}` : fields.at("headers");
    const name = given.toLowerCase();
    const value = expand(template, lookUp);
    if (!isName) report(where, "has a name that no HTTP header can have.");
    else if (FORBIDDEN_HEADERS.has(name))
      report(where, "is a header that the gateway itself sets.");
    else if (name === AUTH_HEADER[auth]) {
      report(where, "is set from api_key. Leave it out, or set auth to none.");
    } else if (headers.some(([other]) => other === name)) {
      report(where, "is given twice, in different letter case.");
    } else if (!value.ok) for (const problem of value.problems) report(where, problem);
    else if (!HEADER_VALUE.test(value.text)) {
      report(where, "must be visible ASCII, without spaces at its ends.");
    } else headers.push([name, value.text]);
  }
  return headers;
}
