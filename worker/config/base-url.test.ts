import { describe, expect, test } from "bun:test";
import { parseBaseUrl } from "./base-url.ts";

function problem(text: string): string | null {
  const parsed = parseBaseUrl(text);
  return parsed.ok ? null : parsed.problem;
}

describe("parseBaseUrl", () => {
  test("takes the slash at the end away and keeps the path", () => {
    for (const [text, href] of [
      ["https://api.example.com/v1/", "https://api.example.com/v1"],
      ["https://api.example.com", "https://api.example.com/"],
      ["http://127.0.0.1:9000/a/b//", "http://127.0.0.1:9000/a/b"],
    ] as const) {
      const parsed = parseBaseUrl(text);
      expect(parsed.ok && parsed.url.href).toBe(href);
    }
  });

  test("refuses a variable: as a host it would be looked up under its own name", () => {
    for (const text of ["http://${HOST}/v1", "https://${HOST}.example.com", "https://h/${PATH}"]) {
      expect(problem(text)).toContain("only in api_key and headers");
    }
  });

  test("allows plain HTTP to loopback, private and inside hosts only", () => {
    for (const host of [
      "127.0.0.1",
      "0x7f.1",
      "[::1]",
      "10.1.2.3",
      "172.16.0.1",
      "192.168.1.1",
      "100.64.0.1",
      "[fd12::1]",
      "[::ffff:10.0.0.1]",
      "localhost",
      "LOCALHOST.",
      "ollama",
      "vllm.prod.svc.cluster.local",
      "host.docker.internal",
    ]) {
      expect([host, problem(`http://${host}:8000/v1`)]).toEqual([host, null]);
    }
    for (const host of [
      "api.example.com",
      "8.8.8.8",
      "172.32.0.1",
      "[2001:4860::1]",
      "local.com",
    ]) {
      expect([host, problem(`http://${host}/v1`)]).toEqual([
        host,
        "must begin with https://: plain HTTP is only for loopback and private hosts.",
      ]);
      expect([host, problem(`https://${host}/v1`)]).toEqual([host, null]);
    }
  });

  test("refuses link-local and metadata addresses, however they are written", () => {
    for (const host of [
      "169.254.169.254",
      "2852039166",
      "0xa9fea9fe",
      "[::ffff:169.254.169.254]",
      "[fe80::1]",
      "[fd00:ec2::254]",
      "[64:ff9b::a9fe:a9fe]",
      "100.100.100.200",
      "168.63.129.16",
      "metadata.google.internal",
      "metadata.google.internal.",
      "0.0.0.0",
      "[::]",
    ]) {
      for (const scheme of ["http", "https"]) {
        expect([host, problem(`${scheme}://${host}/`)]).toEqual([
          host,
          "is a link-local, metadata or otherwise unusable address, which is never allowed.",
        ]);
      }
    }
  });

  test("tells an address that is public from what may be inside", () => {
    for (const [text, isPublicAddress] of [
      ["https://8.8.8.8/", true],
      ["https://10.0.0.1/", false],
      ["https://llm.example.com/", false],
    ] as const) {
      const parsed = parseBaseUrl(text);
      expect(parsed.ok && parsed.isPublicAddress).toBe(isPublicAddress);
    }
  });

  test("refuses credentials, query, fragment and other schemes without quoting them", () => {
    for (const text of [
      "https://user:hunter2@host/v1",
      "https://host/v1?key=hunter2",
      "https://host/v1?",
      "https://host/v1#hunter2",
      "ftp://host/hunter2",
      "hunter2",
      "",
    ]) {
      expect(problem(text)).not.toBeNull();
      expect(problem(text)).not.toContain("hunter2");
    }
  });
});
