/** Undoes a `content-encoding` that a provider applied although we asked for identity. */
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { EgressError, type BodySink, type HeaderList } from "../egress.ts";

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

type Coding = keyof typeof DECODERS;

/** The coding to undo, or null: none, or one that is handed on as it is. */
export function codingOf(headers: HeaderList): Coding | null {
  const value = headers.find(([name]) => name === "content-encoding")?.[1].toLowerCase();
  return value === "gzip" || value === "x-gzip" || value === "deflate" || value === "br"
    ? value
    : null;
}

export function withoutCoding(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name !== "content-encoding" && name !== "content-length");
}

export interface Decoder extends BodySink {
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** @param pauseSource stops the encoded bytes while the decoder is full; `resumeSource` lets them come again */
export function createDecoder(
  coding: Coding,
  sink: BodySink,
  source: { readonly pause: () => void; readonly resume: () => void },
): Decoder {
  const stream = DECODERS[coding]();
  let isOver = false;
  const over = (end: () => void): void => {
    if (isOver) return;
    isOver = true;
    end();
  };
  stream.on("data", (chunk: Uint8Array) => {
    if (!isOver) sink.data(chunk);
  });
  stream.on("end", () => over(() => sink.end()));
  stream.on("error", () => over(() => sink.fail(new EgressError("malformed"))));
  stream.on("drain", () => source.resume());
  return {
    data(chunk) {
      if (!stream.write(chunk)) source.pause();
    },
    end: () => void stream.end(),
    fail: (error) =>
      over(() => {
        stream.destroy();
        sink.fail(error);
      }),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy: () =>
      over(() => {
        stream.destroy();
      }),
  };
}
