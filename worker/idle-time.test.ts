import { describe, expect, test } from "bun:test";
import { answerInItsTime } from "./idle-time.ts";

async function idlesOf(path: string, status: number, type: string): Promise<number[]> {
  const idles: number[] = [];
  await answerInItsTime(
    new Request(`http://localhost${path}`),
    Promise.resolve(new Response("x", { status, headers: { "content-type": type } })),
    (seconds) => idles.push(seconds),
    60,
  );
  return idles;
}

describe("a connection that asked with a GET", () => {
  const ENDS: readonly (readonly [string, number, string])[] = [
    ["/livez", 200, "text/plain"],
    ["/admin/spend", 200, "application/json"],
    ["/admin/live", 401, "application/json"],
    ["/v1/models", 401, "application/json"],
    ["/nowhere", 404, "application/json"],
  ];
  for (const [path, status, type] of ENDS) {
    test(`does not stay for good after ${path} was answered with ${status}`, async () => {
      expect(await idlesOf(path, status, type)).toEqual([0, 60]);
    });
  }

  test("stays where the answer lasts", async () => {
    const events = "text/event-stream; charset=utf-8";
    expect(await idlesOf("/admin/live", 200, events)).toEqual([0]);
    expect(await idlesOf("/v1/files/file-1/content", 200, "application/octet-stream")).toEqual([0]);
  });
});
