import { describe, expect, test } from "bun:test";
import { classifyAddress, type AddressClass } from "./addresses.ts";

const CLASSES: Readonly<Record<AddressClass, readonly string[]>> = {
  public: ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"],
  private: [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd12::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
  ],
  never: [
    // Link-local and metadata, plain and in disguise.
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd00:ec2::254%eth0",
    "fd00:0ec2:0000::0254",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "::ffff:100.100.100.200",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::ffff:0:169.254.169.254",
    // Nobody's own.
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "::ffff:0.0.0.0",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "198.18.0.1",
    "2001:db8::1",
    "2001::1",
    "::5",
    "4000::1",
    // No addresses.
    "",
    "not an address",
    "[::1]",
    "1.1.1.1:80",
    "1.1.1.1/8",
  ],
};

describe("an address", () => {
  for (const kind of ["public", "private", "never"] as const) {
    for (const address of CLASSES[kind]) {
      test(`${address === "" ? "without a letter" : address} is ${kind}`, () => {
        expect(classifyAddress(address)).toBe(kind);
      });
    }
  }
});
