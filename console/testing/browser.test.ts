/**
 * Pages in a browser that can reach nothing but the console: every page, two widths, two themes, with and without scripts. What one
 * page alone does is tested beside it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import type { Browser, Page } from "playwright-core";
import { until } from "../../worker/testing/until.ts";
import { routes } from "../pages/index.ts";
import {
  askDemo,
  CHROMIUM,
  openBrowser,
  openPage,
  signIn,
  startStack,
  type Stack,
} from "./stack.ts";

const hasChromium = existsSync(CHROMIUM);
if (!hasChromium)
  process.stderr.write("SKIPPED: the console in a browser (no /usr/bin/chromium)\n");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Files, and what has no end, are no pages. */
const NO_PAGE = /:|\.(?:csv|jsonl)$|\/stream$/;
/** Pages whose address has no gap to fill, and some that have. */
const PATHS = [
  ...routes.flatMap(({ path, show }) => (show === undefined || NO_PAGE.test(path) ? [] : [path])),
  "/users/ann%40example.com",
  "/spend?group_by=team&group_by=model&range=7d",
  "/traces?user=ann%40example.com&outcome=upstream_error&range=30d",
  "/traces/:id",
  "/sessions/agent-1",
  "/live?paused=1",
  "/privacy/mode?to=off",
  "/privacy/mode?to=plaintext",
  "/privacy/retention?traces_days=30&ledger_days=0&sessions_days=62",
  "/nowhere",
];
const MAX_PAGE_BYTES = 150 * 1024;
const LIMIT_MS = 240_000;

interface Fault {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly string[];
}

/** Faults of accessibility that keep someone out. */
async function seriousFaults(page: Page): Promise<readonly Fault[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, impact, nodes }) => ({
        id,
        impact,
        nodes: nodes.map(({ html }) => html.slice(0, 200)),
      }));
  });
}

/** What goes beyond the window: the page itself, and parts that can be moved sideways by fingers and not by keys. */
function wideParts(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const isWide = (element: Element) => element.scrollWidth > element.clientWidth;
    const page = document.scrollingElement;
    const parts = [...document.querySelectorAll("#main *")].filter(
      (part) => ["auto", "scroll"].includes(getComputedStyle(part).overflowX) && isWide(part),
    );
    const unreachable = parts.filter(
      (part) => part.getAttribute("tabindex") !== "0" || !part.hasAttribute("aria-label"),
    );
    return [
      ...(page === null || isWide(page) ? ["the page"] : []),
      ...unreachable.map((part) => part.className),
    ];
  });
}

/** The browser's own note of the status: no fault of the page. */
const isStatusNote = (error: string) =>
  error.startsWith("Failed to load resource: the server responded with a status of 4");

describe.skipIf(!hasChromium && process.env["CI"] !== "true")("in a browser", () => {
  let stack: Stack;
  let browser: Browser;
  let traceId: string;
  beforeAll(async () => {
    stack = await startStack({ isSeeded: true });
    traceId = await askDemo(stack);
    browser = await openBrowser();
  }, LIMIT_MS);
  afterAll(async () => {
    await browser.close();
    await stack.stop();
  });

  // Each width and each theme is audited once: an audit takes as long as all else together.
  for (const [width, colorScheme, isAudited] of [
    [1440, "light", true],
    [1440, "dark", false],
    [390, "light", false],
    [390, "dark", true],
  ] as const) {
    const audit = async (page: Page) => (isAudited ? await seriousFaults(page) : []);
    test(
      `every page at ${width} px, ${colorScheme}: ${isAudited ? "accessible, " : ""}within its width, and asks no other origin`,
      async () => {
        const viewport = { width, height: 844 };
        const { context, page, foreign, errors } = await openPage(browser, stack.url, {
          viewport,
          colorScheme,
        });
        await page.goto(`${stack.url}/sign-in`);
        expect(await audit(page)).toEqual([]);
        await signIn(page, stack);
        for (const path of [...PATHS, ...stack.paths]) {
          const response = await page.goto(stack.url + path.replace(":id", traceId));
          if (stack.paths.includes(path)) expect([path, response?.status()]).toEqual([path, 200]);
          expect([path, await audit(page)]).toEqual([path, []]);
          // Also with what comes later.
          await page.locator(".later").waitFor({ state: "detached" });
          expect([path, await wideParts(page)]).toEqual([path, []]);
          expect([path, await page.locator("h1").count()]).toEqual([path, 1]);
          const { length } = (await response?.body()) ?? { length: 0 };
          expect([path, length < MAX_PAGE_BYTES]).toEqual([path, true]);
        }
        expect(foreign).toEqual([]);
        expect(errors.filter((error) => !isStatusNote(error))).toEqual([]);
        await context.close();
      },
      LIMIT_MS,
    );
  }

  test(
    "on a phone the audit log and the boundary are cards: nothing of them is out of sight",
    async () => {
      const viewport = { width: 390, height: 844 };
      const { context, page } = await openPage(browser, stack.url, { viewport, isMobile: true });
      await signIn(page, stack);
      for (const [path, caption, last] of [
        ["/audit", "Entries, the newest first", "Entry"],
        ["/boundary", "Destinations, with what was sent there and received from there", "Refused"],
      ] as const) {
        await page.goto(stack.url + path);
        const table = page.getByRole("region", { name: caption });
        expect(await table.evaluate((part) => part.scrollWidth - part.clientWidth)).toBe(0);
        // For a screen reader it is a table still.
        expect(await table.getByRole("columnheader", { name: last }).count()).toBe(1);
        const cell = table.getByRole("row").nth(1).getByRole("cell").last();
        const box = await cell.boundingBox();
        expect([path, (box?.x ?? -1) >= 0, (box?.x ?? 0) + (box?.width ?? 999) <= 390]).toEqual([
          path,
          true,
          true,
        ]);
      }
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "the check of width finds a page that is too wide, and a part that keys can't move",
    async () => {
      const { context, page } = await openPage(browser, stack.url);
      await signIn(page, stack);
      await page.goto(`${stack.url}/keys`);
      await page.evaluate(() => {
        document.querySelector(".table-wrap")?.removeAttribute("tabindex");
        document
          .querySelector<HTMLElement>(".table-wrap table")
          ?.style.setProperty("min-width", "4000px");
        document.querySelector("h1")?.append("wide".repeat(1_000));
      });
      expect(await wideParts(page)).toEqual(["the page", "table-wrap"]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "the check of accessibility finds a fault where there is one",
    async () => {
      const { context, page } = await openPage(browser, stack.url);
      await page.goto(`${stack.url}/sign-in`);
      await page.evaluate("document.querySelector('label').remove()");
      expect((await seriousFaults(page)).map(({ id }) => id)).toContain("label");
      await context.close();
    },
    LIMIT_MS,
  );

  test.each(["/", "/traces?range=30d", "/live?paused=1", "/keys", "/audit"])(
    "the first load of %s weighs no more than 150 KB, scripts and style included",
    async (path) => {
      const { context, page } = await openPage(browser, stack.url);
      await signIn(page, stack);
      const fresh = await openPage(browser, stack.url, {
        storageState: await context.storageState(),
      });
      let bytes = 0;
      fresh.page.on("requestfinished", async (request) => {
        const { responseBodySize, responseHeadersSize } = await request.sizes();
        bytes += responseBodySize + responseHeadersSize;
      });
      await fresh.page.goto(stack.url + path, { waitUntil: "networkidle" });
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThan(MAX_PAGE_BYTES);
      await context.close();
      await fresh.context.close();
    },
    LIMIT_MS,
  );

  test(
    "a link changes the page without a reload: title, mark, focus; back and forward restore it",
    async () => {
      const { context, page, errors } = await openPage(browser, stack.url);
      await signIn(page, stack);
      await page.evaluate("window.stays = true");
      const stays = () => page.evaluate("window.stays === true");
      const nav = page.getByRole("navigation", { name: "Pages" });
      await nav.getByRole("link", { name: "Spend", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Spend" }).waitFor();
      expect(await stays()).toBe(true);
      expect(await page.title()).toBe("Spend · Anyray");
      expect(new URL(page.url()).pathname).toBe("/spend");
      expect(
        await nav.getByRole("link", { name: "Spend", exact: true }).getAttribute("aria-current"),
      ).toBe("page");
      expect(await page.evaluate("document.activeElement.tagName")).toBe("H1");
      // A choice sends the form at once, stands in the address, and keeps the focus.
      await page.getByLabel("Group by").focus();
      await page.getByLabel("Group by").selectOption("model");
      await page.waitForURL(/group_by=model/);
      await page.getByRole("cell", { name: "claude-sonnet-4-5" }).first().waitFor();
      expect(await page.evaluate("document.activeElement.id")).toBe("field-group_by");
      await page.goBack();
      await page.getByRole("cell", { name: "ann@example.com" }).first().waitFor();
      await page.goBack();
      await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
      expect(await page.title()).toBe("Overview · Anyray");
      await page.goForward();
      await page.getByRole("heading", { level: 1, name: "Spend" }).waitFor();
      expect(await stays()).toBe(true);
      expect(errors).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "all of it works by keyboard: the first stop leads to the content, menus open and close",
    async () => {
      const { context, page } = await openPage(browser, stack.url);
      await signIn(page, stack);
      await page.goto(`${stack.url}/spend`);
      // What comes after the page takes the focus from nobody.
      await page.locator(".later").waitFor({ state: "detached" });
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.textContent.trim()")).toBe(
        "Skip to content",
      );
      await page.locator("details.account > summary").focus();
      await page.keyboard.press("Enter");
      expect(await page.getByRole("button", { name: "Sign out" }).isVisible()).toBe(true);
      const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      expect(outline).toBe("solid");
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "without scripts: sign-in, links, filters, colours, sign-out",
    async () => {
      const { context, page, errors } = await openPage(browser, stack.url, {
        javaScriptEnabled: false,
      });
      await page.goto(`${stack.url}/spend?group_by=team`);
      await page.getByLabel("Admin token").fill(stack.gateway.adminToken);
      await page.getByRole("button", { name: "Sign in" }).first().click();
      // Where the reader was going.
      expect(new URL(page.url()).search).toBe("?group_by=team");
      await page.getByRole("searchbox", { name: "Team" }).fill("design");
      await page.getByRole("button", { name: "Apply" }).click();
      expect(new URL(page.url()).searchParams.get("team")).toBe("design");
      await page.getByRole("link", { name: "Take off: Team: design" }).click();
      expect(new URL(page.url()).searchParams.get("team")).toBeNull();
      await page.locator("details.account > summary").click();
      await page.getByRole("button", { name: "Dark" }).click();
      expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
      expect(new URL(page.url()).pathname).toBe("/spend");
      await page.goto(`${stack.url}/preferences`);
      // Nobody told the zone: it is UTC, and named.
      expect(await page.locator("time").first().textContent()).toContain("UTC");
      await page.locator("details.account > summary").click();
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.getByText("You are signed out.").waitFor();
      await page.goto(`${stack.url}/spend`);
      expect(new URL(page.url()).pathname).toBe("/sign-in");
      expect(errors).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "a sign-in that ended leads to the sign-in and back, also from a link that was followed with scripts",
    async () => {
      const { context, page } = await openPage(browser, stack.url);
      await signIn(page, stack);
      // All parts are there: none of them finds out first.
      await page.getByRole("link", { name: "All users" }).waitFor();
      const [cookie] = (await context.cookies()).filter(({ name }) => name === "__Host-anyray");
      await fetch(`${stack.gateway.url}/admin/session`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${cookie?.value}` },
      });
      await page
        .getByRole("navigation", { name: "Pages" })
        .getByRole("link", { name: "Users" })
        .click();
      await page.waitForURL(/\/sign-in\?to=%2Fusers$/);
      await page.getByLabel("Admin token").fill(stack.gateway.adminToken);
      await page.getByRole("button", { name: "Sign in" }).first().click();
      await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "what can't be undone is asked for once more, and said once it is done",
    async () => {
      await askDemo(stack);
      const { context, page, errors } = await openPage(browser, stack.url);
      await signIn(page, stack);
      await until(async () => {
        await page.goto(`${stack.url}/users/ann%40example.com`);
        return (await page.getByRole("link", { name: "Erase…" }).count()) > 0 ? true : null;
      });
      await page.evaluate("window.stays = true");
      await page.getByRole("link", { name: "Erase…" }).click();
      await page
        .getByRole("heading", { level: 1, name: "Erase the content of ann@example.com?" })
        .waitFor();
      await page.getByLabel("Type ann@example.com to confirm").fill("bo@example.com");
      await page.getByRole("button", { name: "Destroy the key" }).click();
      await page.getByText("Nothing was erased.").waitFor();
      await page.getByLabel("Type ann@example.com to confirm").fill("ann@example.com");
      await page.getByRole("button", { name: "Destroy the key" }).click();
      await page.getByText("The content key of ann@example.com is destroyed.").waitFor();
      expect(new URL(page.url()).pathname).toBe("/users/ann%40example.com");
      expect(await page.evaluate("window.stays === true")).toBe(true);
      // Said once.
      await page.reload();
      expect(await page.getByText("is destroyed").count()).toBe(0);
      expect(errors.filter((error) => !isStatusNote(error))).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "live requests come by themselves, one each, and stop where the reader says so",
    async () => {
      const { context, page, errors } = await openPage(browser, stack.url);
      await signIn(page, stack);
      await page
        .getByRole("navigation", { name: "Pages" })
        .getByRole("link", { name: "Live" })
        .click();
      await page.getByText("Following").waitFor();
      const links = page.locator("#live-rows a.when");
      const count = await links.count();
      await page.getByRole("link", { name: "Pause" }).focus();
      const id = await askDemo(stack);
      const row = page.locator(`#live-rows a[href="/traces/${id}"]`);
      await row.waitFor();
      expect(await links.count()).toBe(count + 1);
      expect(await links.first().getAttribute("href")).toBe(`/traces/${id}`);
      // What came did not move who reads.
      expect(await page.evaluate("document.activeElement.textContent")).toBe("Pause");
      expect(await seriousFaults(page)).toEqual([]);
      // However much comes, the page stays as large as it is.
      for (let round = 0; round < 6; round++) {
        await Promise.all(Array.from({ length: 10 }, () => askDemo(stack)));
      }
      await page.locator("#live-rows > tr").nth(99).waitFor();
      await askDemo(stack);
      await page.waitForTimeout(1_000);
      expect(await page.locator("#live-rows > tr").count()).toBe(100);
      await page.getByRole("link", { name: "Pause" }).click();
      await page.getByText("Paused:").waitFor();
      const late = await askDemo(stack);
      await page.waitForTimeout(1_000);
      expect(await page.locator(`#live-rows a[href="/traces/${late}"]`).count()).toBe(0);
      await page.getByRole("link", { name: "Go on" }).click();
      await page.locator(`#live-rows a[href="/traces/${late}"]`).waitFor();
      await page.getByText("Following").waitFor();
      expect(errors).toEqual([]);
      // Where the sign-in ends, so does the stream; the page leads to another one.
      const [cookie] = (await context.cookies()).filter(({ name }) => name === "__Host-anyray");
      await fetch(`${stack.gateway.url}/admin/session`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${cookie?.value}` },
      });
      await askDemo(stack);
      await page.waitForURL(/\/sign-in\?to=%2Flive$/);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "without scripts the newest requests stand there, with a link that brings them anew; the mode is changed by plain forms",
    async () => {
      const { context, page } = await openPage(browser, stack.url, { javaScriptEnabled: false });
      await signIn(page, stack);
      await page.goto(`${stack.url}/live`);
      const id = await askDemo(stack);
      expect(await page.getByRole("link", { name: "Pause" }).isVisible()).toBe(false);
      await page.getByRole("link", { name: "Refresh" }).click();
      await page.locator(`#live-rows a[href="/traces/${id}"]`).click();
      expect(new URL(page.url()).pathname).toBe(`/traces/${id}`);
      await page.goto(`${stack.url}/privacy`);
      await page.getByRole("link", { name: "Change to off…" }).click();
      await page.getByRole("button", { name: "Set to off" }).click();
      await page.getByText("The content mode is set to off.").waitFor();
      await page.getByRole("link", { name: "Change to encrypted…" }).click();
      await page.getByRole("button", { name: "Set to encrypted" }).click();
      await page.getByText("In force: encrypted.").first().waitFor();
      await page.goto(`${stack.url}/traces?range=30d&user=ann%40example.com`);
      await page.getByRole("link", { name: "Show what was found" }).click();
      await page.getByRole("link", { name: "Next" }).click();
      await page.getByRole("link", { name: "Newest" }).waitFor();
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "a search over a long range comes after its page, and pages on",
    async () => {
      const { context, page, errors } = await openPage(browser, stack.url);
      await signIn(page, stack);
      await page.goto(`${stack.url}/traces?range=30d&user=ann%40example.com`);
      await page.getByRole("link", { name: "Next" }).click();
      await page.getByRole("link", { name: "Newest" }).waitFor();
      expect(await page.getByRole("cell", { name: /ann@example\.com/ }).count()).toBeGreaterThan(
        40,
      );
      await page.goBack();
      await page.getByRole("link", { name: "Newest" }).waitFor({ state: "detached" });
      await page.getByRole("link", { name: "Next" }).waitFor();
      expect(errors).toEqual([]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "times stand in the zone of the browser",
    async () => {
      const { context, page } = await openPage(browser, stack.url, { timezoneId: "Asia/Tokyo" });
      await signIn(page, stack);
      await page.goto(`${stack.url}/preferences`);
      expect(await page.locator("time").first().textContent()).toContain("GMT+9");
      await context.close();
    },
    LIMIT_MS,
  );
});
