/** Text that would do harm if it were not escaped, in every field of the gateway's answers; and the check that it did none. */
import { expect } from "bun:test";

/** Leaves attributes, titles, scripts, comments and elements, if it is let. */
export const HOSTILE = `'"></title></script></textarea>--><hostile onload=alert(1)>&amp;`;

/** Where tools find the gateway: the one other origin that pages link to. */
export const PUBLIC_GATEWAY = "https://llm.example.com";

/** What a page computes with stays what it is: times, days, amounts, our own closed words. */
const KEPT =
  /^\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?$|^-?\d+(?:\.\d+)?$|^(?:ok|degraded|failed|encrypted|off|plaintext)$/;
/** The sign-in's own rights: without them there is no page. */
const KEPT_MEMBERS: ReadonlySet<string> = new Set(["rights", "token"]);

/** The same JSON with hostile names, ids, codes and messages. */
export async function makeHostile(response: Response): Promise<Response> {
  if (response.headers.get("content-type")?.includes("json") !== true) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const body = JSON.stringify(spoil(await response.json()));
  return new Response(body, { status: response.status, headers });
}

function spoil(value: unknown): unknown {
  if (typeof value === "string") return KEPT.test(value) ? value : `${value.slice(0, 4)}${HOSTILE}`;
  if (Array.isArray(value)) return value.map(spoil);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      KEPT_MEMBERS.has(name) ? member : spoil(member),
    ]),
  );
}

/** Parses the page as a browser would. */
export async function expectHarmless(html: string): Promise<void> {
  const found: string[] = [];
  await new HTMLRewriter()
    .on("*", {
      element(element) {
        if (element.tagName === "hostile") found.push("an element of the text's own");
        for (const [name, value] of element.attributes) {
          if (/^on|^style$|^hx-on/.test(name)) found.push(`${element.tagName} ${name}`);
          const isToGateway = name === "href" && value.startsWith(`${PUBLIC_GATEWAY}/`);
          if (/^(?:href|src|action)$/.test(name) && !/^[/#?]/.test(value) && !isToGateway) {
            found.push(`${element.tagName} ${name}=${value}`);
          }
        }
        const isOwnScript = element.getAttribute("src")?.startsWith("/static/") === true;
        if (element.tagName === "script" && !isOwnScript) found.push("an inline script");
        if (element.tagName === "style") found.push("an inline style");
      },
    })
    .transform(new Response(html))
    .text();
  expect(found).toEqual([]);
}
