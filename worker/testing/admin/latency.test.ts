/** `GET /admin/latency`, and subjects looked for by name. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeRow } from "../../../db/contract/rows.ts";
import { createIdSource } from "../../ids.ts";
import { startGateway, type TestGateway } from "../gateway.ts";
import { until } from "../until.ts";
import { adminOf } from "./rig.ts";

let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await startGateway({ ANYRAY_CONTENT_MODE: "encrypted" });
  admin = adminOf(gateway);
});
afterAll(() => gateway.stop());

test("latency is of the newest requests that match, by nearest rank; null where none is known", async () => {
  const none = await admin("GET", "/admin/latency");
  expect(none.body).toMatchObject({ sample: 0, latency_ms: { p50: null, p95: null, p99: null } });
  const nowMs = Date.now();
  const ids = createIdSource(() => nowMs, null);
  const rows = Array.from({ length: 1_100 }, (_, index) =>
    makeRow({
      id: ids.rowId(),
      traceId: ids.traceId(),
      timeMs: nowMs,
      user: index < 1_000 ? "ann" : "bo",
      // The newest thousand took 101 to 1,100 ms.
      latencyMs: index + 1,
      ttfbMs: null,
    }),
  );
  await Promise.all(rows.map((row) => gateway.store.ledger.append(row)));
  expect((await admin("GET", "/admin/latency")).body).toMatchObject({
    sample: 1_000,
    latency_ms: { p50: 600, p95: 1_050, p99: 1_090 },
    ttfb_ms: { p50: null, p95: null, p99: null },
  });
  const ofBo = await admin("GET", "/admin/latency?user=bo");
  expect(ofBo.body).toMatchObject({ sample: 100, latency_ms: { p50: 1_050 } });
  expect((await admin("GET", "/admin/latency?nonsense=1")).status).toBe(400);
  expect((await admin("GET", "/admin/latency", undefined, null)).status).toBe(401);
});

test("subjects are found by kind and name, however many others there are", async () => {
  for (const user of ["ann", "bo", "carla"]) {
    const response = await gateway.post(
      "/v1/chat/completions",
      { model: "demo/demo", messages: [{ role: "user", content: "Hello" }] },
      { "x-anyray-metadata": JSON.stringify({ user, team: "core" }) },
    );
    await response.text();
  }
  const find = async (query: string) => (await admin("GET", `/admin/subjects?${query}`)).body;
  await until(async () => ((await find("limit=10")).subjects.length === 3 ? true : null));
  const found = await find("kind=user&name=bo");
  expect(found.subjects).toMatchObject([{ kind: "user", name: "bo" }]);
  expect(found.next_cursor).toBeNull();
  expect((await find("kind=team&name=bo")).subjects).toEqual([]);
  // One by one, in the order of the handles, to the end.
  const names: string[] = [];
  let cursor = "";
  do {
    const page = await find(`kind=user&limit=1${cursor}`);
    names.push(...page.subjects.map(({ name }: { name: string }) => name));
    cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
  } while (cursor !== "");
  expect(names.sort()).toEqual(["ann", "bo", "carla"]);
  expect((await admin("GET", "/admin/subjects?kind=nonsense")).status).toBe(400);
});
