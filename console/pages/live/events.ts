/** Server-sent events as they arrive, cut anywhere (WHATWG HTML, "Server-sent events"); only what our own gateway sends. Pure. */

export interface StreamEvent {
  /** Empty: none. */
  readonly id: string;
  /** Empty: a message. */
  readonly name: string;
  readonly data: string;
}

/** More than any event of the gateway's. */
const MAX_CHARACTERS = 1024 * 1024;

export class EventReader {
  #rest = "";

  /** The events that are complete with this. @throws Error for one without an end */
  push(text: string): readonly StreamEvent[] {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > MAX_CHARACTERS) throw new Error("an event without an end");
    return blocks.map(parseEvent).filter(({ data }) => data !== "");
  }
}

function parseEvent(block: string): StreamEvent {
  const fields = { id: "", event: "", data: "" };
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === "id" || name === "event" || name === "data") fields[name] = value;
  }
  return { id: fields.id, name: fields.event, data: fields.data };
}

/** One message that carries a text of however many lines. */
export function encodeMessage(id: string, text: string): string {
  const lines = text.split("\n").map((line) => `data: ${line}\n`);
  return `${id === "" ? "" : `id: ${id}\n`}${lines.join("")}\n`;
}
