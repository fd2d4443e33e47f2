/** Users and teams: lists, one of them, and the erasure. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../../worker/testing/until.ts";
import { PART, startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";

const ANN = "ann@example.com";

/** One request through the gateway, by the demo provider. */
async function askDemo(at: TestConsole): Promise<void> {
  const response = await at.gateway.post(
    "/v1/chat/completions",
    { model: "demo/demo", messages: [{ role: "user", content: "Hello" }] },
    { "x-anyray-metadata": JSON.stringify({ user: ANN, team: "core" }) },
  );
  await response.text();
}

async function addCap(at: TestConsole): Promise<void> {
  await at.gateway.fetch("/admin/caps", {
    method: "POST",
    headers: {
      authorization: `Bearer ${at.gateway.adminToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ scope: "user", unit: "usd", amount: "25", window: "month" }),
  });
}

testPage({
  path: "/users",
  area: "spend",
  title: "Users",
  empty: "No users in the last 30 days",
  async fill(at) {
    await askDemo(at);
    await addCap(at);
    return { shows: "of $25.00 · " };
  },
});
testPage({
  path: "/teams",
  area: "spend",
  title: "Teams",
  empty: "No teams in the last 30 days",
  async fill(at) {
    await askDemo(at);
    return { shows: "core" };
  },
});
testPage({
  path: `/users/${encodeURIComponent(ANN)}`,
  area: "spend",
  title: ANN,
  async fill(at) {
    await askDemo(at);
    return { shows: "Newest requests", path: `/users/${encodeURIComponent(ANN)}?all=1` };
  },
});
testPage({
  path: "/teams/core",
  area: "spend",
  title: "core",
  async fill(at) {
    await askDemo(at);
    return { shows: "No cap stands for this team alone." };
  },
});

describe("one user", () => {
  test("is found by name, and asks for what stands behind the sums once it stands", async () => {
    const at = await startConsole();
    try {
      await askDemo(at);
      const token = await at.signIn("viewer");
      const found = await at.get("/users?name=ann%40example.com", token);
      const path = `/users/${encodeURIComponent(ANN)}`;
      expect([found.status, found.headers.get("location")]).toEqual([303, path]);
      const { html } = await at.get(path, token);
      expect(html).toContain(`hx-get="${path}/behind"`);
      // Sealed content is none of a viewer's business.
      expect(textOf(html)).not.toContain("Sealed content");
      const piece = await at.get(`${path}/behind`, token, PART);
      expect(textOf(piece.html)).toContain("Newest requests");
      expect(piece.html).not.toContain("<main");
    } finally {
      await at.stop();
    }
  });

  test("may have any name that the gateway takes", async () => {
    const at = await startConsole();
    try {
      const user = "org/team: a+b";
      await at.gateway
        .post(
          "/v1/chat/completions",
          { model: "demo/demo", messages: [{ role: "user", content: "Hello" }] },
          { "x-anyray-metadata": JSON.stringify({ user }) },
        )
        .then((response) => response.text());
      const { html, status } = await at.get(
        `/users/${encodeURIComponent(user)}`,
        await at.signIn(),
      );
      expect(status).toBe(200);
      expect(html).toContain(`<h1 tabindex="-1">${user}</h1>`);
    } finally {
      await at.stop();
    }
  });

  test("who was never seen is not there", async () => {
    const at = await startConsole();
    try {
      const { status, html } = await at.get("/users/nobody", await at.signIn());
      expect(status).toBe(404);
      expect(textOf(html)).toContain("There is nothing here");
    } finally {
      await at.stop();
    }
  });
});

describe("an erasure", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole({ env: { ANYRAY_CONTENT_MODE: "encrypted" } });
    owner = await at.signIn();
    await askDemo(at);
    await until(() => link());
  });
  afterAll(() => at.stop());

  const page = `/users/${encodeURIComponent(ANN)}`;
  const link = async (token: string = owner): Promise<string | null> => {
    const { html } = await at.get(page, token);
    return /href="([^"]+erase\?subject=[0-9a-f]{32})"/.exec(html)?.[1] ?? null;
  };
  const subjectOf = (to: string | null) => to?.split("subject=")[1] ?? "";

  test("is offered to those who may, and asked for once more", async () => {
    const to = await link();
    const { html, status } = await at.get(to ?? "", owner);
    expect(status).toBe(200);
    const text = textOf(html);
    expect(text).toContain(`Erase the content of ${ANN}?`);
    expect(text).toContain(`Type ${ANN} to confirm`);
    expect(await link(await at.signIn("viewer"))).toBeNull();
    expect((await at.get(`${page}/erase?subject=${"0".repeat(32)}`, owner)).status).toBe(404);
  });

  test("by a role that may only read is refused, and nothing happens", async () => {
    const fields = { subject: subjectOf(await link()), typed: ANN };
    const auditor = await at.signIn("auditor");
    expect((await at.post(`${page}/erase`, fields, auditor)).status).toBe(403);
    expect(await link()).not.toBeNull();
  });

  test("needs the name typed; then the key is gone, said, and in the audit log", async () => {
    const to = await link();
    const wrong = await at.post(`${page}/erase`, { subject: subjectOf(to), typed: "an" }, owner);
    expect(wrong.status).toBe(400);
    expect(textOf(wrong.html)).toContain("Nothing was erased.");
    expect(await link()).toBe(to);
    const done = await at.post(`${page}/erase`, { subject: subjectOf(to), typed: ANN }, owner);
    expect([done.status, done.headers.get("location")]).toEqual([303, page]);
    expect(decodeURIComponent(done.headers.get("set-cookie") ?? "")).toContain("is destroyed");
    expect(await link()).toBeNull();
    const audit = await at.gateway.fetch("/admin/audit?action=subject.erase", {
      headers: { authorization: `Bearer ${at.gateway.adminToken}` },
    });
    expect((await audit.json()).entries).toHaveLength(1);
  });
});
