/**
 * Pictures of pages, to be looked at: every page at two widths in two themes.
 *
 *     bun console/testing/shots.ts DIRECTORY [PATH …] [--fold]
 *
 * `:id` in a path is a trace's; `/keys…`: all that begin so. `--fold`: what is seen without scrolling.
 */
import process from "node:process";
import { routes } from "../pages/index.ts";
import { askDemo, openBrowser, openPage, signIn, startStack } from "./stack.ts";

const WIDTHS = [1440, 390] as const;
const SCHEMES = ["light", "dark"] as const;

const [directory = ".", ...chosen] = process.argv.slice(2).filter((each) => each !== "--fold");
const stack = await startStack({ isSeeded: true });
const traceId = await askDemo(stack);
/** With `…` at its end: all that begin so. */
const matches = (path: string) =>
  chosen.some((each) => (each.endsWith("…") ? path.startsWith(each.slice(0, -1)) : each === path));
const known = [
  ...routes.flatMap(({ path, show }) =>
    show === undefined || /:|\.(?:csv|jsonl)$|\/stream$/.test(path) ? [] : [path],
  ),
  ...stack.paths,
];
const paths =
  chosen.length === 0
    ? known
    : [...new Set([...known.filter(matches), ...chosen.filter((path) => !path.endsWith("…"))])];
const browser = await openBrowser();
try {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const viewport = { width, height: width === 390 ? 844 : 900 };
      const { page, errors } = await openPage(browser, stack.url, { viewport, colorScheme });
      const shoot = async (name: string) => {
        const path = `${directory}/${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: !process.argv.includes("--fold") });
      };
      await page.goto(`${stack.url}/sign-in`);
      await shoot("sign-in");
      await signIn(page, stack);
      for (const path of paths) {
        await page.goto(stack.url + path.replace(":id", traceId));
        // Parts that come later; a live page is never idle.
        await page.locator(".later").waitFor({ state: "detached" });
        // Ids differ each time.
        const name = path.replaceAll(/_\w{8,}/g, "").replaceAll(/[^a-z]+/g, "-");
        await shoot(name.replaceAll(/^-|-$/g, "") || "overview");
      }
      process.stdout.write(errors.map((error) => `${error}\n`).join(""));
    }
  }
} finally {
  await browser.close();
  await stack.stop();
}
