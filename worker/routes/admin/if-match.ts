/** The version that a change was made for (RFC 9110 §13.1.1): `If-Match: "3"`. */
import { invalid } from "./query.ts";

/** Null: the caller does not care. @throws GatewayError `invalid_request` */
export function expectedVersion(request: Request): number | null {
  const header = request.headers.get("if-match");
  if (header === null || header === "*") return null;
  const [, version] = /^"?(\d{1,9})"?$/.exec(header) ?? [];
  if (version === undefined) throw invalid("if-match", 'It is a version, such as "3".');
  return Number(version);
}
