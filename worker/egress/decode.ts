/**
 * Undoes a `content-encoding` that a provider applied although we asked for identity. Zstandard is handed on as it is:
 * neither runtime's decoder tells a truncated stream from a whole one.
 */
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { HeaderList } from "../egress.ts";

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

type Coding = keyof typeof DECODERS;

/** The coding to undo, or null: none, or one that is handed on as it is. */
export function codingOf(headers: HeaderList): Coding | null {
  let coding: Coding | null = null;
  for (const [name, value] of headers) {
    if (name !== "content-encoding") continue;
    const lower = value.toLowerCase();
    // Two codings, one over the other: not for us.
    if (coding !== null || !isKnown(lower)) return null;
    coding = lower;
  }
  return coding;
}

function isKnown(value: string): value is Coding {
  return value === "gzip" || value === "x-gzip" || value === "deflate" || value === "br";
}

export function withoutCoding(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name !== "content-encoding" && name !== "content-length");
}

/** Where the plain bytes go, and who is told to wait. Nothing is called after `destroy`. */
export interface DecoderUser {
  decoded(chunk: Uint8Array): void;
  decodedAll(): void;
  undecodable(): void;
  /** The decoder is full: no more coded bytes until `hungry`. */
  full(): void;
  hungry(): void;
}

export interface Decoder {
  write(chunk: Uint8Array): void;
  /** The coded bytes are complete. */
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export function createDecoder(coding: Coding, user: DecoderUser): Decoder {
  const stream = DECODERS[coding]();
  let isOver = false;
  stream.on("data", (chunk: Uint8Array) => {
    if (!isOver) user.decoded(chunk);
  });
  stream.on("end", () => {
    if (isOver) return;
    isOver = true;
    user.decodedAll();
  });
  stream.on("error", () => {
    if (isOver) return;
    isOver = true;
    user.undecodable();
  });
  stream.on("drain", () => {
    if (!isOver) user.hungry();
  });
  return {
    write(chunk) {
      if (!isOver && !stream.write(chunk)) user.full();
    },
    end: () => void stream.end(),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy() {
      isOver = true;
      stream.destroy();
    },
  };
}
