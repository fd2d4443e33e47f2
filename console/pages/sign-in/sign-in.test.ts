/** Signing in and out, and who is refused before that. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SESSION_COOKIE } from "../../session.ts";
import { ORIGIN, startConsole, type TestConsole } from "../../testing/console.ts";
import { expectHarmless, HOSTILE } from "../../testing/hostile.ts";

let at: TestConsole;
beforeAll(async () => {
  at = await startConsole();
});
afterAll(() => at.stop());

function tokenIn(headers: Headers): string {
  const cookie = headers.getSetCookie().find((each) => each.startsWith(`${SESSION_COOKIE}=`));
  return /=([^;]+)/.exec(cookie ?? "")?.[1] ?? "";
}

describe("a sign-in", () => {
  test("with the admin token gives a cookie for this host alone, and goes where the reader was going", async () => {
    const fields = { token: at.gateway.adminToken, to: "/health?a=1" };
    const { status, headers } = await at.post("/sign-in", fields, null);
    expect([status, headers.get("location")]).toEqual([303, "/health?a=1"]);
    expect(headers.get("set-cookie")).toMatch(
      /^__Host-anyray=ans_[\w-]+; Path=\/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax$/,
    );
    // The admin token itself is in no cookie.
    expect(headers.get("set-cookie")).not.toContain(at.gateway.adminToken);
    expect((await at.get("/health", tokenIn(headers))).status).toBe(200);
  });

  test("goes to no other site, whatever the link said", async () => {
    for (const to of [
      "//evil.example",
      "/\\evil.example",
      "https://evil.example",
      "javascript:1",
    ]) {
      const { headers } = await at.post("/sign-in", { token: at.gateway.adminToken, to }, null);
      expect([to, headers.get("location")]).toEqual([to, "/"]);
    }
  });

  test("by name and password is refused in words that tell nothing of the name", async () => {
    await at.signIn("auditor");
    for (const name of ["auditor@example.com", "nobody@example.com"]) {
      const { status, html } = await at.post("/sign-in", { name, password: "wrong" }, null);
      expect(status).toBe(401);
      expect(html).toContain("The name or the password is wrong.");
      expect(html).toContain(`value="${name}"`);
    }
  });

  test("with a wrong token, or nothing, says what is wanted; hostile names stay text", async () => {
    const wrong = await at.post("/sign-in", { token: "nonsense" }, null);
    expect(wrong.status).toBe(401);
    expect(wrong.html).toContain("That is not the admin token.");
    expect((await at.post("/sign-in", {}, null)).status).toBe(400);
    // The second try leads to where the first was going.
    for (const token of ["nonsense", ""]) {
      const again = await at.post("/sign-in", { token, to: "/health?a=1" }, null);
      expect(again.html).toContain('name="to" value="/health?a=1"');
    }
    const { html } = await at.post("/sign-in", { name: HOSTILE, password: "x" }, null);
    await expectHarmless(html);
    await expectHarmless(
      (await at.get(`/sign-in?to=${encodeURIComponent(`/${HOSTILE}`)}`, null)).html,
    );
  });

  test("ends here, and with it the token; or everywhere", async () => {
    const first = await at.signIn();
    const second = await at.signIn();
    const out = await at.post("/sign-out", {}, first);
    expect([out.status, out.headers.get("location")]).toEqual([303, "/sign-in?out"]);
    expect(out.headers.get("set-cookie")).toContain(`${SESSION_COOKIE}=; Path=/; Max-Age=0`);
    expect((await at.get("/health", first)).status).toBe(303);
    expect((await at.get("/health", second)).status).toBe(200);
    await at.post("/sign-out/everywhere", {}, await at.signIn());
    expect((await at.get("/health", second)).status).toBe(303);
    expect((await at.get("/sign-in?out", null)).html).toContain("You are signed out.");
  });
});

test("many sign-ins that ended lead to the sign-in, each of them, and hold up none that live", async () => {
  const busy = await startConsole({ address: "127.0.0.1" });
  try {
    const token = await busy.signIn();
    const ended = "ans_0123456789012345678901234567890123456789_0123";
    for (let count = 0; count < 40; count++) {
      const { status, headers } = await busy.get("/health", ended);
      expect([count, status, headers.get("location")]).toEqual([
        count,
        303,
        "/sign-in?to=%2Fhealth",
      ]);
    }
    expect((await busy.get("/health", token)).status).toBe(200);
    const { status } = await busy.post("/sign-in", { token: busy.gateway.adminToken }, null);
    expect(status).toBe(303);
  } finally {
    await busy.stop();
  }
});

describe("a change", () => {
  test("counts only from a page of our own", async () => {
    const token = await at.signIn();
    const refused: Record<string, string>[] = [
      { "sec-fetch-site": "cross-site" },
      // Another port of this host.
      { "sec-fetch-site": "same-site", origin: "http://localhost:8787" },
      { origin: "http://localhost:8787" },
      { origin: "null" },
      { origin: "https://localhost:3000" },
    ];
    for (const headers of refused) {
      const { status, html } = await at.post("/sign-out", {}, token, headers);
      expect([headers, status]).toEqual([headers, 403]);
      expect(html).toContain("Nothing was changed.");
    }
    expect((await at.get("/health", token)).status).toBe(200);
  });

  test("is refused where a browser says nothing of where it comes from", async () => {
    const { guard } = await import("../../guard.ts");
    const request = new Request(`${ORIGIN}/sign-out`, {
      method: "POST",
      headers: { host: "localhost:3000" },
    });
    expect(guard(request, null)).toBe("cross_site");
  });
});

describe("the console's address", () => {
  test("is loopback, or the one that was set; other names are refused", async () => {
    for (const [host, status] of [
      ["localhost:3000", 200],
      ["127.0.0.1:4000", 200],
      ["[::1]:3000", 200],
      ["evil.example", 421],
      ["localhost.evil.example", 421],
    ] as const) {
      const answer = await at.get("/sign-in", null, { host });
      expect([host, answer.status]).toEqual([host, status]);
    }
  });

  test("may be HTTPS; on plain HTTP elsewhere the sign-in is off, and says why", async () => {
    const secure = await startConsole({ publicUrl: new URL("https://anyray.example.com") });
    try {
      const fields = { token: secure.gateway.adminToken };
      expect((await secure.post("/sign-in", fields, null)).status).toBe(303);
      expect((await secure.get("/sign-in", null, { host: "localhost:3000" })).status).toBe(421);
    } finally {
      await secure.stop();
    }
    const plain = await startConsole({ publicUrl: new URL("http://10.0.0.5:3000") });
    try {
      const shown = await plain.get("/sign-in", null);
      expect(shown.html).toContain("Signing in is off at this address");
      expect(shown.html).not.toContain("<form");
      const tried = await plain.post("/sign-in", { token: plain.gateway.adminToken }, null);
      expect([tried.status, tried.headers.get("set-cookie")]).toEqual([403, null]);
      expect(plain.asked).toEqual([]);
    } finally {
      await plain.stop();
    }
  });
});

test("a page that can't be shown leads to no other site, whatever its address", async () => {
  const own = await startConsole();
  try {
    const token = await own.signIn("viewer");
    own.takeGatewayAway();
    for (const path of ["//evil.example/", "//evil.example/?a=1"]) {
      const { status, html } = await own.get(path, token);
      expect([path, status, html.includes('href="//')]).toEqual([path, 503, false]);
    }
    expect((await own.get("/spend?range=7d", token)).html).toContain('href="/spend?range=7d"');
  } finally {
    await own.stop();
  }
});
