/** The tests that every page has: whole, as a fragment, signed out, for each role, empty, with hostile text, with the gateway away. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Area } from "../visit.ts";
import { FRAGMENT, ROLES, startConsole, type TestConsole } from "./console.ts";
import { expectHarmless, HOSTILE } from "./hostile.ts";

interface PageUnderTest {
  /** With an address of something that is not there, 404 is expected where nothing is. */
  readonly path: string;
  readonly area: Area | null;
  /** Of the heading. */
  readonly title: string;
  /** What an empty gateway's page says. */
  readonly empty?: string;
  /** Fills the gateway: a text that stands in the page afterwards. The path may depend on what was made. */
  readonly fill?: (at: TestConsole) => Promise<{ readonly shows: string; readonly path?: string }>;
  /** Default: the full page shows hostile text. False for pages that show none of the gateway's texts. */
  readonly showsText?: boolean;
  /** Who sees it, where that is not everyone who reads the area. */
  readonly readers?: readonly string[];
}

/** Which roles read which area; the gateway has its own table, and this is what is expected of it. */
const READERS: Readonly<Record<Area, readonly string[]>> = {
  spend: ["owner", "admin", "viewer"],
  traces: ["owner", "admin", "auditor"],
  audit: ["owner", "admin", "auditor"],
  privacy: ["owner", "admin", "auditor"],
  health: ["owner", "admin", "auditor"],
  keys: ["owner", "admin"],
  quotas: ["owner", "admin"],
  providers: ["owner", "admin"],
  accounts: ["owner", "admin"],
};

/** What a reader sees of a page, for messages of tests that fail. */
export function textOf(html: string): string {
  return html
    .replace(/<(?:head|datalist|svg)\b[\s\S]*?<\/(?:head|datalist|svg)>/g, "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");
}

export function testPage(page: PageUnderTest): void {
  const { area, title } = page;
  describe(`the page ${page.path}`, () => {
    let at: TestConsole;
    let token: string;
    let { path } = page;
    beforeAll(async () => {
      at = await startConsole();
      token = await at.signIn();
    });
    afterAll(() => at.stop());

    if (page.empty !== undefined) {
      test("says what to do where there is nothing yet", async () => {
        const { status, html } = await at.get(path, token);
        expect(status).toBe(200);
        expect(textOf(html)).toContain(page.empty ?? "");
      });
    }

    test("comes whole", async () => {
      const filled = await page.fill?.(at);
      path = filled?.path ?? path;
      const { status, html, headers } = await at.get(path, token);
      expect(status).toBe(200);
      expect(html).toStartWith("<!doctype html><html");
      expect(html).toContain(`<h1 tabindex="-1">${title}</h1>`);
      expect(html).toContain('<nav class="nav-wide"');
      if (filled !== undefined) expect(textOf(html)).toContain(filled.shows);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("cache-control")).toBe("no-store");
      await expectHarmless(html);
    });

    test("comes as a fragment, with its title and the navigation's marks", async () => {
      const { status, html } = await at.get(path, token, FRAGMENT);
      expect(status).toBe(200);
      expect(html).toStartWith("<title>");
      expect(html).not.toContain("<html");
      expect(html).toContain('<main id="main">');
      expect(html).toContain('hx-swap-oob="true"');
    });

    test("sends strangers to the sign-in, and back", async () => {
      const { status, headers, html } = await at.get(path, null);
      expect([status, html]).toEqual([303, ""]);
      const to = path === "/" ? "" : `?to=${encodeURIComponent(path)}`;
      expect(headers.get("location")).toBe(`/sign-in${to}`);
      const fragment = await at.get(path, "ans_0123456789012345678901234567890123456789", FRAGMENT);
      expect([fragment.status, fragment.headers.get("hx-redirect")]).toEqual([
        401,
        `/sign-in${to}`,
      ]);
    });

    test("opens for the roles that it is for, and for no other", async () => {
      const readers = page.readers ?? (area === null ? ROLES : READERS[area]);
      for (const role of ROLES) {
        const { status, html } = await at.get(path, await at.signIn(role));
        const isIn = readers.includes(role);
        expect([role, status]).toEqual([role, isIn ? 200 : page.path === "/" ? 303 : 403]);
        if (status === 403) expect(html).toContain("Not for this role");
      }
    });

    test("escapes whatever the gateway says", async () => {
      at.turnHostile();
      for (const headers of [{}, FRAGMENT]) {
        const { html, status } = await at.get(path, token, headers);
        expect(status).toBeLessThan(500);
        await expectHarmless(html);
        expect(html.includes(HOSTILE)).toBe(false);
        if (page.showsText !== false) {
          expect(html.includes("&lt;hostile onload=alert(1)")).toBe(true);
        }
      }
    });

    test("says so where the gateway is away", async () => {
      at.takeGatewayAway();
      const { status, html } = await at.get(path, token);
      expect(status).toBe(503);
      expect(html).toContain("The gateway does not answer");
      const fragment = await at.get(path, token, FRAGMENT);
      expect(fragment.status).toBe(503);
      expect(fragment.html).toStartWith("<title>");
    });
  });
}
