/**
 * A request's body that comes while it is sent. The next piece is asked for when the socket has taken the last, so that a slow
 * provider holds up the client and not our memory.
 */
import { Buffer } from "node:buffer";

/** A body by its source. Read once, and let go of where it is not read to its end. */
export interface Upload {
  /** Of the whole; null: not known beforehand, so it goes out in HTTP's chunks. */
  readonly sizeBytes: number | null;
  readonly stream: ReadableStream<Uint8Array>;
}

export interface UploadEvents {
  /** @returns false where the socket is full: go on at `drained` */
  write(piece: Uint8Array): boolean;
  /** The source broke, or is not as long as it said. */
  failed(): void;
}

export class Uploading {
  readonly #upload: Upload;
  readonly #events: UploadEvents;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #drained: (() => void) | null = null;
  #sentBytes = 0;
  #state: "waiting" | "running" | "done" | "stopped" = "waiting";

  constructor(upload: Upload, events: UploadEvents) {
    this.#upload = upload;
    this.#events = events;
  }

  /** All of it was written. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Once the head is written. Later calls do nothing. */
  start(): void {
    if (this.#state !== "waiting") return;
    this.#state = "running";
    this.#reader = this.#upload.stream.getReader();
    this.#run(this.#reader).catch(() => this.#fail());
  }

  /** The socket takes more. */
  drained(): void {
    const go = this.#drained;
    this.#drained = null;
    go?.();
  }

  /** Nobody waits for it any more. */
  stop(): void {
    if (this.#state === "done" || this.#state === "stopped") return;
    this.#state = "stopped";
    this.drained();
    const left = this.#reader ?? this.#upload.stream;
    left.cancel().catch(() => undefined);
  }

  async #run(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const { sizeBytes } = this.#upload;
    for (;;) {
      const { done, value } = await reader.read();
      if (this.#state !== "running") return;
      if (done) break;
      this.#sentBytes += value.length;
      if (sizeBytes !== null && this.#sentBytes > sizeBytes) return this.#fail();
      if (value.length > 0 && !this.#write(value)) {
        await new Promise<void>((resolve) => {
          this.#drained = resolve;
        });
      }
      if (this.#state !== "running") return;
    }
    if (sizeBytes !== null && this.#sentBytes < sizeBytes) return this.#fail();
    this.#state = "done";
    if (sizeBytes === null) this.#events.write(Buffer.from("0\r\n\r\n", "latin1"));
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#upload.sizeBytes !== null) return this.#events.write(bytes);
    this.#events.write(Buffer.from(`${bytes.length.toString(16)}\r\n`, "latin1"));
    this.#events.write(bytes);
    return this.#events.write(Buffer.from("\r\n", "latin1"));
  }

  #fail(): void {
    if (this.#state !== "running") return;
    this.stop();
    this.#events.failed();
  }
}
