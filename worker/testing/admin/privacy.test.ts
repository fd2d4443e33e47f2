/** The content mode over the admin API: changed only as it was read, where what was read is named. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { newRecipient } from "../../encryption/recipients.ts";
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

test("GET /admin/privacy names the keys by their fingerprints, and who must be there to read", async () => {
  const [auditor, retired] = [await newRecipient(), "ab".repeat(32)];
  const other = await startGateway({
    ANYRAY_CONTENT_RECIPIENTS: auditor.publicText,
    ANYRAY_CONTENT_KEYS_RETIRED: retired,
  });
  try {
    const { body } = await adminOf(other)("GET", "/admin/privacy");
    expect(body.recipients).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(body.retired_kids).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(body.key.kid).not.toBe(body.retired_kids[0]);
    expect(JSON.stringify(body)).not.toContain(retired);
    expect(JSON.stringify(body)).not.toContain(auditor.publicText);
  } finally {
    await other.stop();
  }
});
