/**
 * `/spend.csv`: the ledger's rows as one file, page after page as the browser takes it. What breaks on the way breaks the download.
 * `/spend/groups.csv`: the sums of the page's table, a line a group.
 */
import { parseRefusal } from "../../api.ts";
import type { Answer, Visit } from "../../visit.ts";

const PAGE_ROWS = "1000";
/** As many as a spreadsheet takes. */
const MAX_PAGES = 1_048;

interface CsvPage {
  readonly text: string;
  readonly cursor: string | null;
}

/** @param visit its query goes to the API as it is, and is refused there */
export async function sendCsv(visit: Visit): Promise<Answer> {
  // Read before the answer begins, so that a refusal is a page and no file.
  const first = await readPage(visit, null);
  let next: CsvPage | null = first;
  let count = 0;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next === null) {
          controller.close();
          return;
        }
        const { text, cursor } = next;
        count += 1;
        controller.enqueue(encoder.encode(count === 1 ? text : withoutHead(text)));
        next = cursor === null || count >= MAX_PAGES ? null : await readPage(visit, cursor);
      },
    },
    { highWaterMark: 0 },
  );
  return fileOf(body, "spend.csv");
}

/** Sums are one page of the API: the costliest groups, as many as it gives. */
export async function sendGroupsCsv(visit: Visit): Promise<Answer> {
  const { text } = await readCsv(visit, "/admin/spend", null);
  return fileOf(text, "spend-groups.csv");
}

function fileOf(body: BodyInit, name: string): Response {
  return new Response(body, {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
    },
  });
}

function readPage(visit: Visit, cursor: string | null): Promise<CsvPage> {
  return readCsv(visit, "/admin/spend/records", cursor);
}

async function readCsv(visit: Visit, path: string, cursor: string | null): Promise<CsvPage> {
  const query = new URLSearchParams(visit.query);
  query.set("format", "csv");
  query.set("limit", PAGE_ROWS);
  if (cursor !== null) query.set("cursor", cursor);
  const response = await visit.raw(`${path}?${query}`).catch(() => null);
  if (response === null) throw parseRefusal(503, null);
  if (!response.ok) throw parseRefusal(response.status, await response.json().catch(() => null));
  return { text: await response.text(), cursor: response.headers.get("x-anyray-next-cursor") };
}

function withoutHead(text: string): string {
  return text.slice(text.indexOf("\r\n") + 2);
}
