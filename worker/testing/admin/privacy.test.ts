/** The content mode over the admin API: changed only as it was read, where what was read is named. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startGateway, type TestGateway } from "../gateway.ts";
import { adminOf } from "./rig.ts";

let gateway: TestGateway;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await startGateway();
  admin = adminOf(gateway);
});
afterAll(() => gateway.stop());

test("PUT /admin/privacy takes If-Match, and what a GET gives may be sent back", async () => {
  const put = (body: object, at: string) =>
    admin("PUT", "/admin/privacy", body, undefined, { "if-match": at });
  const read = (await admin("GET", "/admin/privacy")).body;
  expect(read).toMatchObject({ requested: "off", version: 1 });
  expect((await put({ ...read, requested: "encrypted" }, '"1"')).body.version).toBe(2);
  const late = await put({ requested: "off" }, '"1"');
  expect([late.status, late.body.error.code]).toEqual([409, "conflict"]);
  expect((await admin("GET", "/admin/privacy")).body.requested).toBe("encrypted");
  expect((await put({ requested: "off" }, "*")).body.version).toBe(3);
  expect((await put({ requested: "off" }, "yesterday")).status).toBe(400);
});
