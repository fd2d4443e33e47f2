/**
 * Where a provider may be, judged from the URL alone: names are resolved, and their addresses checked again, by the egress.
 * Plain HTTP stays inside; link-local and metadata addresses are never allowed.
 */
import ipaddr from "ipaddr.js";

/** A text that a person wrote as base URL, understood or not. */
export type BaseUrl =
  | {
      readonly ok: true;
      /** http or https; no credentials, query or fragment; no slash at the end of the path, unless the path is `/`. */
      readonly url: URL;
      /** A public address written out. All else (a name, an inside address) counts as an inside place listed by name. */
      readonly isPublicAddress: boolean;
    }
  | { readonly ok: false; readonly problem: string };

type Place = "inside" | "public" | "forbidden";

const INSIDE_RANGES: ReadonlySet<string> = new Set([
  "loopback",
  "private",
  "uniqueLocal",
  "carrierGradeNat",
  "deprecatedSiteLocal",
]);
/** No host, or an address that hides another one. */
const FORBIDDEN_RANGES: ReadonlySet<string> = new Set([
  "linkLocal",
  "unspecified",
  "multicast",
  "broadcast",
  "ipv4Mapped",
  "rfc6145",
  "rfc6052",
  "6to4",
  "teredo",
]);
/** Metadata services outside the link-local range: Amazon's IPv6 one, Alibaba's, Azure's, Oracle's. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  "fd00:ec2::254",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
]);
const METADATA_NAMES: ReadonlySet<string> = new Set([
  "metadata",
  "metadata.google.internal",
  "instance-data",
]);

/** Names that no public DNS answers (RFC 6761, 6762, 8375, ICANN's `internal`), and single labels as container networks use them. */
const INSIDE_NAME = /^[^.]+$|\.(?:localhost|local|internal|lan|home\.arpa)$/;

function placeOfAddress(host: string): Place | null {
  if (!ipaddr.isValid(host)) return null;
  const address = ipaddr.process(host);
  if (METADATA_ADDRESSES.has(address.toString())) return "forbidden";
  const range = address.range();
  if (FORBIDDEN_RANGES.has(range)) return "forbidden";
  return INSIDE_RANGES.has(range) ? "inside" : "public";
}

function placeOfName(host: string): Place {
  if (METADATA_NAMES.has(host)) return "forbidden";
  return INSIDE_NAME.test(host) ? "inside" : "public";
}

/** Whether it is a loopback or private address, or a name that only inside anyone answers. */
export function isInsideHost({ hostname }: URL): boolean {
  return placeOf(hostOf(hostname)) === "inside";
}

/** Without brackets and the dot of the root. */
function hostOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function placeOf(host: string): Place {
  return placeOfAddress(host) ?? placeOfName(host);
}

function refuse(problem: string): BaseUrl {
  return { ok: false, problem };
}

/** The problem completes the sentence that the setting's name begins, and quotes nothing. */
export function parseBaseUrl(text: string): BaseUrl {
  if (text.includes("${")) {
    return refuse("must stand as it is: variables are filled in only in api_key and headers.");
  }
  if (!URL.canParse(text)) return refuse("is not a URL. Write it like https://host/v1.");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refuse("must begin with https:// or http://.");
  }
  if (url.username !== "" || url.password !== "") {
    return refuse("must not hold a user or password. Use api_key or headers.");
  }
  if (text.includes("?")) return refuse("must not have a query. Use the provider's `query`.");
  if (text.includes("#")) return refuse("must not have a fragment.");
  url.pathname = url.pathname.replace(/\/+$/, "");

  const host = hostOf(url.hostname);
  const place = placeOf(host);
  if (place === "forbidden") {
    return refuse(
      "is a link-local, metadata or otherwise unusable address, which is never allowed.",
    );
  }
  if (url.protocol === "http:" && place === "public") {
    return refuse("must begin with https://: plain HTTP is only for loopback and private hosts.");
  }
  return { ok: true, url, isPublicAddress: placeOfAddress(host) === "public" };
}
