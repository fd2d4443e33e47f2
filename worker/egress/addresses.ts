/**
 * Which addresses a connection may go to. Judged after the name was resolved, so that a name can't lead inside.
 * Link-local and metadata addresses are never allowed; private ones only where the operator wrote the destination down.
 */
import ipaddr from "ipaddr.js";

export type AddressClass = "public" | "private" | "never";

const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  "loopback",
  "private",
  "uniqueLocal",
  "carrierGradeNat",
  "deprecatedSiteLocal",
]);

/** Metadata services outside the link-local range. */
const METADATA: ReadonlySet<string> = new Set([
  // AWS, Google Cloud, Oracle, Scaleway
  "fd00:ec2::254",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:42::42",
  // Alibaba, Azure's wire server, Oracle
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
]);

/** All of IPv6 that is given out (RFC 4291 §2.4, IANA). `ipaddr.js` calls the rest unicast, too. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** @param text an address literal, without brackets; anything else is `never` */
export function classifyAddress(text: string): AddressClass {
  // A zone names an interface of this machine: no name of the outside leads there, and it would hide what follows.
  if (text.includes("%") || !ipaddr.isValid(text)) return "never";
  const address = ipaddr.parse(text);
  if (address.kind() === "ipv6") {
    const embedded = embeddedIpv4(address.toByteArray());
    if (embedded !== null) return classifyAddress(embedded);
  }
  if (METADATA.has(address.toString())) return "never";
  const range = address.range();
  if (range === "unicast") {
    return address.kind() === "ipv4" || address.match(GLOBAL_IPV6) ? "public" : "never";
  }
  return PRIVATE_RANGES.has(range) ? "private" : "never";
}

/**
 * IPv4 that travels inside IPv6: mapped (::ffff:0:0/96, RFC 4291), compatible (::/96), NAT64 (64:ff9b::/96, RFC 6052),
 * 6to4 (2002::/16, RFC 3056). Such an address goes where the inner one goes.
 */
function embeddedIpv4(bytes: readonly number[]): string | null {
  const last = bytes.slice(12).join(".");
  const isZero = (from: number, to: number) => bytes.slice(from, to).every((byte) => byte === 0);
  if (isZero(0, 10) && bytes[10] === 0xff && bytes[11] === 0xff) return last;
  if (isZero(0, 12) && !isZero(12, 15)) return last;
  const isNat64 = bytes[0] === 0 && bytes[1] === 0x64 && bytes[2] === 0xff && bytes[3] === 0x9b;
  if (isNat64 && isZero(4, 12)) return last;
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return bytes.slice(2, 6).join(".");
  return null;
}
