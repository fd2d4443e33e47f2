/**
 * The gateway's live rows, made into rows of a table. Read no faster than the browser takes them, and no more often than an eye follows:
 * what comes in between waits at the gateway, which drops the oldest.
 */
import { parseRefusal, type AdminApi } from "../../api.ts";
import { plural } from "../../components/format.ts";
import { requestColumns, type RequestRow } from "../../components/requests.tsx";
import { Rows } from "../../components/table.tsx";
import type { Answer, Visit } from "../../visit.ts";
import { encodeMessage, EventReader, type StreamEvent } from "./events.ts";

type RecordsAnswer = NonNullable<Awaited<ReturnType<AdminApi["spend"]["records"]["get"]>>["data"]>;
type LedgerRecord = RecordsAnswer["records"][number];

const PAUSE_MS = 250;
/** Of those that come at once; the rest is counted. */
const MAX_ROWS = 30;

export async function sendStream(visit: Visit): Promise<Answer> {
  const after = visit.query.get("after");
  const query = after === null ? "" : `?${new URLSearchParams({ after })}`;
  const { lastEventId } = visit;
  const response = await visit
    .raw(`/admin/live${query}`, lastEventId === null ? {} : { "last-event-id": lastEventId })
    .catch(() => null);
  if (response === null) throw parseRefusal(503, null);
  if (!response.ok || response.body === null) {
    throw parseRefusal(response.status, await response.json().catch(() => null));
  }
  return new Response(tableRows(response.body, visit.preferences.zone), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Proxies that keep answers back until they are whole would keep this one for ever.
      "x-accel-buffering": "no",
    },
  });
}

function tableRows(from: ReadableStream<Uint8Array>, zone: string): ReadableStream<Uint8Array> {
  const reader = from.getReader();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const events = new EventReader();
  let isFirst = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (!isFirst) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          isFirst = false;
          const { done, value } = await reader.read();
          if (done) return controller.close();
          const html = await rowsOf(events.push(decoder.decode(value, { stream: true })), zone);
          // A comment keeps the connection, and shows the browser that it stands.
          controller.enqueue(encoder.encode(html === "" ? ":\n\n" : html));
        } catch {
          await reader.cancel().catch(() => undefined);
          controller.close();
        }
      },
      async cancel() {
        await reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The message with what came, newest first; empty: nothing that a page shows. */
export async function rowsOf(events: readonly StreamEvent[], zone: string): Promise<string> {
  const rows = events.flatMap(rowOf);
  const missed = events.reduce((sum, event) => sum + missedOf(event), 0);
  const hidden = missed + Math.max(0, rows.length - MAX_ROWS);
  if (rows.length + hidden === 0) return "";
  const columns = requestColumns(zone);
  const html = await (
    <>
      <Rows columns={columns} rows={rows.slice(-MAX_ROWS).toReversed()} isFresh />
      {hidden === 0 ? null : (
        <tr class="more-row">
          <td colspan={columns.length} safe>
            {`${plural(hidden, "more request", "more requests")}, too many to show`}
          </td>
        </tr>
      )}
    </>
  );
  return encodeMessage(events.findLast(({ id }) => id !== "")?.id ?? "", html);
}

/** An attempt that another one follows is no row of its own. */
function rowOf({ name, data }: StreamEvent): readonly RequestRow[] {
  if (name !== "") return [];
  // What the gateway's own API sends is of this shape.
  const record = JSON.parse(data) as LedgerRecord;
  if (record.status === null && record.outcome !== "crashed") return [];
  return [
    {
      ...record,
      model: record.model_served ?? record.model_requested,
      attempts: record.attempt,
    },
  ];
}

function missedOf({ name, data }: StreamEvent): number {
  if (name !== "missed") return 0;
  const { rows } = JSON.parse(data) as { rows: number };
  return rows;
}
