/**
 * The content of one request while it is under way: kept in memory, within bounds, and handed over once, after the last byte.
 * Knows nothing of sealing.
 */
import type { OmitReason } from "../../db/store.ts";
import type { Field, Media } from "../encryption/envelope.ts";
import { lowerOf, type ContentMode } from "../privacy/mode.ts";
import type { MemoryBudget } from "./memory-budget.ts";

/** One part of a request's content, to be sealed. */
export interface RecordedPart {
  readonly field: Field;
  readonly media: Media;
  readonly isCut: boolean;
  /** In the order they were seen; empty if the part was left out. */
  readonly chunks: readonly Uint8Array[];
  readonly omitted: OmitReason | null;
}

export interface RecordedContent {
  readonly traceId: string;
  readonly timeMs: number;
  /** At accept. */
  readonly mode: Exclude<ContentMode, "off">;
  readonly subject: string;
  readonly parts: readonly RecordedPart[];
  /** Taken of the budget for all parts; given back by the receiver. */
  readonly heldBytes: number;
  /** In whose name. */
  readonly holder: string;
}

export interface RecordingOptions {
  readonly traceId: string;
  readonly timeMs: number;
  /** At accept. */
  readonly mode: Exclude<ContentMode, "off">;
  /** In force at this moment. */
  modeNow(): ContentMode;
  readonly budget: MemoryBudget;
  /** Of one part, before compression. */
  readonly maxPartBytes: number;
  receive(content: RecordedContent): void;
  /** Instead of `receive`, where there is nothing to hand over. */
  drop(): void;
}

/** Chunks below this are copied together: a slice keeps the whole buffer that the socket read into. */
const SMALL_BYTES = 8 * 1024;
const BLOCK_BYTES = 16 * 1024;

export class Recording {
  readonly #options: RecordingOptions;
  #input: RecordedPart | null = null;
  #subject: string | null = null;
  #holder = "";
  #outputMedia: Media | null = null;
  #omitted: OmitReason | null = null;
  #chunks: Uint8Array[] = [];
  /** The last chunk, if it still has room: `#blockUsed` bytes of it are written. */
  #block: Uint8Array | null = null;
  #blockUsed = 0;
  #outputBytes = 0;
  #heldBytes = 0;
  #isEnded = false;

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** What would be kept if it were handed over now. */
  get mode(): ContentMode {
    return lowerOf(this.#options.mode, this.#options.modeNow());
  }

  /**
   * Before its bytes. Without it nothing is handed over.
   * @param subject whose content it is @param holder in whose name memory is taken
   */
  attribute(subject: string, holder: string): void {
    this.#subject = subject;
    this.#holder = holder;
  }

  /** The request's body. Kept by reference. */
  input(bytes: Uint8Array, media: Media): void {
    const { budget } = this.#options;
    const isTaken = budget.take(bytes.length, this.#holder);
    if (isTaken) this.#heldBytes += bytes.length;
    this.#input = {
      field: "input",
      media,
      isCut: false,
      chunks: isTaken ? [bytes] : [],
      omitted: isTaken ? null : "queue_full",
    };
  }

  /** Begins the answer. */
  output(media: Media): void {
    this.#outputMedia = media;
  }

  /** Bytes of the answer, as they go to the client. */
  write(bytes: Uint8Array): void {
    if (this.#isEnded || this.#omitted !== null || bytes.length === 0) return;
    const { budget, maxPartBytes } = this.#options;
    if (this.#outputBytes + bytes.length > maxPartBytes) return this.#omit("too_large");
    if (!budget.take(bytes.length, this.#holder)) return this.#omit("queue_full");
    this.#heldBytes += bytes.length;
    this.#outputBytes += bytes.length;
    if (bytes.length >= SMALL_BYTES) {
      this.#closeBlock();
      this.#chunks.push(bytes);
    } else this.#copy(bytes);
  }

  /** After the last byte to the client. Further calls do nothing. */
  end(isCut: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#closeBlock();
    const { budget, traceId, timeMs, mode } = this.#options;
    const parts: RecordedPart[] = this.#input === null ? [] : [this.#input];
    if (this.#outputMedia !== null) {
      parts.push({
        field: "output",
        media: this.#outputMedia,
        isCut,
        chunks: this.#chunks,
        omitted: this.#omitted,
      });
    }
    const heldBytes = this.#heldBytes;
    const subject = this.#subject;
    this.#input = null;
    this.#chunks = [];
    if (subject === null || parts.length === 0) {
      budget.give(heldBytes, this.#holder);
      return this.#options.drop();
    }
    const holder = this.#holder;
    this.#options.receive({ traceId, timeMs, mode, subject, parts, heldBytes, holder });
  }

  #omit(reason: OmitReason): void {
    this.#omitted = reason;
    this.#options.budget.give(this.#outputBytes, this.#holder);
    this.#heldBytes -= this.#outputBytes;
    this.#chunks = [];
    this.#block = null;
  }

  #copy(bytes: Uint8Array): void {
    let block = this.#block;
    if (block === null || this.#blockUsed + bytes.length > block.length) {
      this.#closeBlock();
      // The first block is small: most answers are.
      block = this.#block = new Uint8Array(
        this.#chunks.length === 0 ? Math.max(1024, bytes.length) : BLOCK_BYTES,
      );
    }
    block.set(bytes, this.#blockUsed);
    this.#blockUsed += bytes.length;
  }

  #closeBlock(): void {
    if (this.#block !== null) this.#chunks.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = null;
    this.#blockUsed = 0;
  }
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;
const EVENTS_TYPE = /^text\/event-stream\b/i;

/** @param contentType as the header has it; null: none */
export function mediaOf(contentType: string | null): Media {
  if (contentType === null) return "other";
  if (JSON_TYPE.test(contentType)) return "json";
  return EVENTS_TYPE.test(contentType) ? "event-stream" : "other";
}
