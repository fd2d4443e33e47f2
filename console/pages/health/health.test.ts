/** The Health page. */
import { expect, test } from "bun:test";
import { startConsole } from "../../testing/console.ts";
import { testPage } from "../../testing/page-tests.ts";

testPage({ path: "/health", area: "health", title: "Health", empty: "Everything works." });

test("every check has a name for people", async () => {
  const at = await startConsole();
  try {
    const { html } = await at.get("/health", await at.signIn());
    const rows = html.slice(html.indexOf("<tbody"), html.indexOf("</tbody>"));
    const names = rows.split("<tr").map((row) => />([^<>]+)</.exec(row)?.[1]?.trim() ?? "");
    expect(names.slice(1).length).toBeGreaterThan(5);
    for (const name of names.slice(1)) expect(name).toMatch(/^[A-Z][a-z]/);
  } finally {
    await at.stop();
  }
});
