/**
 * Pictures of pages, to be looked at: every page at two widths in two themes.
 *
 *     bun console/testing/shots.ts DIRECTORY [PATH …] [--fold]
 *
 * `:id` in a path is a trace's. `--fold`: what is seen without scrolling.
 */
import process from "node:process";
import { routes } from "../pages/index.ts";
import { askDemo, openBrowser, openPage, signIn, startStack } from "./stack.ts";

const WIDTHS = [1440, 390] as const;
const SCHEMES = ["light", "dark"] as const;

const [directory = ".", ...chosen] = process.argv.slice(2).filter((each) => each !== "--fold");
const paths =
  chosen.length > 0
    ? chosen
    : routes.flatMap(({ path, show }) => (show === undefined || path.includes(":") ? [] : [path]));
const stack = await startStack({ isSeeded: true });
const traceId = await askDemo(stack);
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
        await page.goto(stack.url + path.replace(":id", traceId), { waitUntil: "networkidle" });
        await shoot(path.replaceAll(/[^a-z]+/g, "-").replaceAll(/^-|-$/g, "") || "overview");
      }
      process.stdout.write(errors.map((error) => `${error}\n`).join(""));
    }
  }
} finally {
  await browser.close();
  await stack.stop();
}
