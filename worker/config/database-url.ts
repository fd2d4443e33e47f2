/** `ANYRAY_DB_URL`: which Postgres, and whether its certificate is checked. What is wrong is said without a word of the URL: it holds a password. */
import type { DatabasePlace } from "../../db/store.ts";
import { parseBaseUrl } from "./base-url.ts";
import type { Environment, ReadFile } from "./environment.ts";
import { describeReadFailure } from "./fault.ts";
import type { Report } from "./json-fields.ts";

const NAME = "ANYRAY_DB_URL";
const PORT = 5432;
const PARAMETERS = new Set(["host", "sslmode", "sslrootcert"]);

type Parsed =
  | { readonly ok: true; readonly place: DatabasePlace; readonly caPath: string | null }
  | { readonly ok: false; readonly problem: string };

/** Null: SQLite in the data directory. */
export function readDatabase(
  environment: Environment,
  readFile: ReadFile,
  report: Report,
): DatabasePlace | null {
  const text = environment.secret(NAME);
  if (text === null) return null;
  const parsed = parseDatabaseUrl(text);
  if (!parsed.ok) {
    report(NAME, parsed.problem);
    return null;
  }
  const { place, caPath } = parsed;
  if (place.tls === null || caPath === null) return place;
  try {
    return { ...place, tls: { ...place.tls, ca: readFile(caPath) } };
  } catch (error) {
    report(NAME, `names a file in sslrootcert, but ${describeReadFailure(error)}.`);
    return null;
  }
}

export function parseDatabaseUrl(text: string): Parsed {
  if (!URL.canParse(text)) {
    return refuse("is not a URL. Write it like postgres://user:password@host/database.");
  }
  const url = new URL(text);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    return refuse("must begin with postgres://.");
  }
  const odd = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (odd !== undefined) {
    return refuse("has a parameter that is none of sslmode, sslrootcert and host.");
  }
  const database = decode(url.pathname.slice(1));
  const user = decode(url.username);
  const password = decode(url.password);
  if (database === null || user === null || password === null) {
    return refuse("has a % that begins no escape.");
  }
  if (database === "" || user === "") return refuse("must name a user and a database.");
  const common = { port: url.port === "" ? PORT : Number(url.port), database, user, password };

  const socket = url.searchParams.get("host");
  if (socket !== null) {
    if (!socket.startsWith("/")) return refuse("may name a Unix socket's directory in host only.");
    return { ok: true, place: { ...common, host: socket, tls: null }, caPath: null };
  }
  return withHost(url, common);
}

/** Plain stays inside; outside the certificate is checked, always. */
function withHost(url: URL, common: Omit<DatabasePlace, "host" | "tls">): Parsed {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (host === "") return refuse("must name a host.");
  const checked = parseBaseUrl(`https://${url.hostname}`);
  if (!checked.ok) return refuse(checked.problem);
  const isInside = parseBaseUrl(`http://${url.hostname}`).ok;
  const caPath = url.searchParams.get("sslrootcert");
  const mode =
    url.searchParams.get("sslmode") ?? (isInside && caPath === null ? "disable" : "require");
  if (mode === "disable") {
    if (!isInside)
      return refuse("must not have sslmode=disable: plain is only for loopback and private hosts.");
    return { ok: true, place: { ...common, host, tls: null }, caPath: null };
  }
  if (mode !== "require" && mode !== "verify-full") {
    return refuse(
      "must have sslmode disable, require or verify-full; the last two check the certificate.",
    );
  }
  return { ok: true, place: { ...common, host, tls: { servername: host, ca: null } }, caPath };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function refuse(problem: string): Parsed {
  return { ok: false, problem };
}
