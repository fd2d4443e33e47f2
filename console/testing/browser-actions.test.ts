/**
 * What administrators do, done in a browser as they do it: with scripts on a desk, and without them on a phone. Each secret is seen once,
 * is in no address, and each action is in the audit log.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import process from "node:process";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM, openBrowser, openPage, signIn, startStack, type Stack } from "./stack.ts";

const hasChromium = existsSync(CHROMIUM);
if (!hasChromium)
  process.stderr.write("SKIPPED: administration in a browser (no /usr/bin/chromium)\n");

const LIMIT_MS = 120_000;
const PASSWORD = "correct-horse-battery-staple";

/** Follows a link or presses a button of the page's middle. */
const press = (page: Page, role: "link" | "button", name: string) =>
  page.locator("#main").getByRole(role, { name, exact: true }).click();
const heading = (page: Page, name: string) =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
const said = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();

/** By their labels. A choice is made by its value. */
async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    const field = page.locator("#main").getByLabel(label, { exact: true });
    const isChoice = (await field.evaluate((element) => element.tagName)) === "SELECT";
    await (isChoice ? field.selectOption(value) : field.fill(value));
  }
}

async function open(page: Page, stack: Stack, path: string, title: string): Promise<void> {
  await page.goto(stack.url + path);
  await heading(page, title);
}

/** @returns the secret */
async function makeKey(page: Page, stack: Stack): Promise<string> {
  await open(page, stack, "/keys", "Keys");
  await press(page, "link", "New key");
  await heading(page, "New key");
  await fill(page, { Name: "browser", User: "ann", Models: "demo/*" });
  await press(page, "button", "Make key");
  await heading(page, "Key made");
  const secret = (await page.locator("#secret").textContent())?.trim() ?? "";
  await page.getByText("Codex", { exact: true }).click();
  expect(await page.locator("#set-up-codex-key").textContent()).toContain(secret);
  return secret;
}

async function tendKey(page: Page): Promise<string> {
  await press(page, "link", "To the key");
  await heading(page, "browser");
  await press(page, "link", "Change");
  await heading(page, "Change browser");
  await fill(page, { Team: "core" });
  await press(page, "button", "Save");
  await said(page, "The key browser is changed.");
  await press(page, "link", "Rotate…");
  await press(page, "button", "Rotate key");
  await heading(page, "Key rotated");
  const secret = (await page.locator("#secret").textContent())?.trim() ?? "";
  await press(page, "link", "To the key");
  await press(page, "link", "Revoke…");
  await heading(page, "Revoke browser?");
  await press(page, "button", "Revoke key");
  await said(page, "The key browser is revoked.");
  return secret;
}

async function invite(page: Page, stack: Stack): Promise<string> {
  await open(page, stack, "/invites/new", "New invite");
  await fill(page, { User: "bo" });
  await press(page, "button", "Make invite");
  await heading(page, "Invite made");
  const link = (await page.locator("#link").textContent())?.trim() ?? "";
  await press(page, "link", "All invites");
  await press(page, "link", "Revoke the invite for bo");
  await press(page, "button", "Revoke invite");
  await said(page, "The invite for bo is revoked.");
  return link;
}

async function bound(page: Page, stack: Stack): Promise<void> {
  await open(page, stack, "/caps/new", "New cap");
  await fill(page, { "Holds for": "team", "Which one": "browsers", Amount: "12.50" });
  await press(page, "button", "Make cap");
  await said(page, "The cap for the team browsers is made, and holds.");
  await press(page, "link", "The team browsers");
  await fill(page, { "Amount in dollars": "15" });
  await press(page, "button", "Save");
  await said(page, "The cap for the team browsers is changed.");
  await press(page, "link", "Remove…");
  await press(page, "button", "Remove cap");
  await said(page, "The cap for the team browsers is removed.");
  await open(page, stack, "/limits/new", "New limit");
  await fill(page, { "Holds for": "user", "Which one": "browser", "Requests at once": "3" });
  await press(page, "button", "Make limit");
  await said(page, "The limit for the user browser is made, and holds.");
  await press(page, "link", "The user browser");
  await press(page, "link", "Remove…");
  await press(page, "button", "Remove limit");
  await said(page, "The limit for the user browser is removed.");
}

async function connect(page: Page, stack: Stack): Promise<void> {
  await open(page, stack, "/providers/new", "New provider");
  await fill(page, {
    Name: "browser-ai",
    Address: "https://browser-ai.example/v1",
    Key: "sk-typed-once-0123456789",
    Models: "one",
  });
  await press(page, "button", "Set provider");
  await said(page, "The provider browser-ai is set.");
  await press(page, "button", "Test");
  await page.getByRole("alert").getByText("It can't be reached.").waitFor();
  await open(page, stack, "/routes", "Routes");
  await fill(page, { Name: "browsed", "Leads to": "browser-ai/one" });
  await press(page, "button", "Save alias");
  await said(page, "browsed leads to browser-ai/one from now on.");
  await press(page, "button", "Ask browser-ai earlier");
  await said(page, "browser-ai is asked before");
  await press(page, "link", "Remove the alias browsed");
  await press(page, "button", "Remove alias");
  await said(page, "The alias browsed is removed.");
  await open(page, stack, "/prices/new", "New price");
  await fill(page, { Provider: "browser-ai", Model: "one", Input: "1", Output: "2" });
  await press(page, "button", "Set price");
  await said(page, "browser-ai/one has a price of your own from now on.");
  await press(page, "link", "Remove the price of browser-ai/one");
  await press(page, "button", "Remove price");
  await said(page, "Your price of browser-ai/one is removed.");
  await open(page, stack, "/providers/browser-ai/remove", "Remove the provider browser-ai?");
  await fill(page, { "Type browser-ai to confirm": "browser-ai" });
  await press(page, "button", "Remove provider");
  await said(page, "The provider browser-ai is removed.");
}

async function appoint(page: Page, stack: Stack, name: string): Promise<string> {
  await open(page, stack, "/accounts/new", "New account");
  await fill(page, { Name: name, Role: "auditor", "First password": PASSWORD });
  await press(page, "button", "Make account");
  await said(page, `The account ${name} is made, with the role auditor.`);
  await press(page, "link", name);
  await fill(page, { Role: "viewer" });
  await press(page, "button", "Save role");
  await said(page, `${name} has the role viewer from now on.`);
  await press(page, "button", "Sign out everywhere");
  await said(page, `All sign-ins of ${name} are ended.`);
  await press(page, "link", "Disable…");
  await press(page, "button", "Disable account");
  await said(page, `${name} is disabled, and signed out everywhere.`);
  await open(page, stack, "/api-keys/new", "New API key");
  await fill(page, { Name: `program ${name}` });
  await press(page, "button", "Make API key");
  await heading(page, "API key made");
  const secret = (await page.locator("#secret").textContent())?.trim() ?? "";
  await press(page, "link", "All accounts");
  await press(page, "link", `End the API key program ${name}`);
  await press(page, "button", "End API key");
  await said(page, `The API key program ${name} is ended.`);
  return secret;
}

const DONE = [
  "key.create",
  "key.change",
  "key.rotate",
  "key.revoke",
  "invite.create",
  "invite.revoke",
  "cap.create",
  "cap.change",
  "cap.remove",
  "limit.create",
  "limit.remove",
  "provider.create",
  "provider.test",
  "provider.remove",
  "routes.change",
  "price.import",
  "price.remove",
  "account.create",
  "account.change",
  "token.create",
  "token.end",
] as const;

describe.skipIf(!hasChromium && process.env["CI"] !== "true")("administration in a browser", () => {
  let stack: Stack;
  let browser: Browser;
  beforeAll(async () => {
    stack = await startStack();
    browser = await openBrowser();
  }, LIMIT_MS);
  afterAll(async () => {
    await browser.close();
    await stack.stop();
  });

  for (const [name, hasScripts, width] of [
    ["hana", true, 1440],
    ["ivo", false, 390],
  ] as const) {
    test(
      `every action, ${hasScripts ? "with" : "without"} scripts, at ${width} px`,
      async () => {
        const { context, page, foreign, errors } = await openPage(browser, stack.url, {
          javaScriptEnabled: hasScripts,
          viewport: { width, height: 844 },
        });
        const addresses: string[] = [];
        page.on("request", (request) => addresses.push(request.url()));
        await signIn(page, stack);
        const secrets = [await makeKey(page, stack)];
        secrets.push(await tendKey(page), await invite(page, stack));
        await bound(page, stack);
        await connect(page, stack);
        secrets.push(await appoint(page, stack, name));
        // What a place on the gateway is called goes before the invite's secret.
        const told = secrets.map((secret) => secret.slice(secret.lastIndexOf("/") + 1));
        for (const secret of [...told, PASSWORD]) {
          expect(secret.length).toBeGreaterThan(20);
          expect(addresses.some((address) => address.includes(secret))).toBe(false);
        }
        await open(page, stack, "/audit", "Audit");
        const log = (await page.locator("#main tbody").first().textContent()) ?? "";
        for (const action of DONE) expect([action, log.includes(action)]).toEqual([action, true]);
        expect(foreign).toEqual([]);
        expect(errors).toEqual([]);
        await context.close();
      },
      LIMIT_MS,
    );
  }

  test(
    "a secret is gone once one went on: neither back nor a reload shows it again",
    async () => {
      const { context, page } = await openPage(browser, stack.url);
      await signIn(page, stack);
      const secret = await makeKey(page, stack);
      await press(page, "link", "All keys");
      await heading(page, "Keys");
      await page.goBack();
      await heading(page, "New key");
      expect(await page.content()).not.toContain(secret);
      await page.goForward();
      await heading(page, "Keys");
      const stored = await page.evaluate(
        "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, document.cookie])",
      );
      expect(stored).not.toContain(secret);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "a form's answer is read from its top, with the focus on its heading, also where the address stays",
    async () => {
      const { context, page } = await openPage(browser, stack.url, {
        viewport: { width: 390, height: 500 },
      });
      await signIn(page, stack);
      await open(page, stack, "/caps/new", "New cap");
      await fill(page, { Amount: "much" });
      await press(page, "button", "Make cap");
      await page.getByRole("alert").waitFor();
      await page.waitForFunction("document.activeElement.tagName === 'H1'");
      expect(await page.evaluate("window.scrollY")).toBe(0);
      expect(new URL(page.url()).pathname).toBe("/caps/new");
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "a button copies what stands beside it",
    async () => {
      const { context, page } = await openPage(browser, stack.url, {
        permissions: ["clipboard-read", "clipboard-write"],
      });
      await signIn(page, stack);
      const secret = await makeKey(page, stack);
      await page.locator('button[data-copy="secret"]').click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      expect(await page.evaluate("navigator.clipboard.readText()")).toBe(secret);
      await context.close();
    },
    LIMIT_MS,
  );
});
