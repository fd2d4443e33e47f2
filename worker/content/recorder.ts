/** What the pipeline knows of content: a recording for each request, as long as content is kept at all. */
import { lowerOf, type ContentMode } from "../privacy/mode.ts";
import { Recording, type RecordedContent } from "./recording.ts";
import type { Sealer } from "./sealer.ts";

/** Compression takes JSON to a sixth, as measured; what is larger than this would not fit afterwards. */
const RAW_FACTOR = 8;

export interface ContentRecorder {
  /** Null where no content is kept. */
  open(traceId: string, timeMs: number): Recording | null;
}

export interface RecorderOptions {
  readonly sealer: Pick<Sealer, "add" | "budget" | "unsealed">;
  /** The effective mode at this moment. */
  mode(): ContentMode;
  /** Of a sealed part. */
  readonly maxBytes: number;
}

export function createRecorder(options: RecorderOptions): ContentRecorder {
  const { sealer, mode } = options;
  const receive = (content: RecordedContent): void => {
    const now = lowerOf(content.mode, mode());
    if (now !== "off") return sealer.add(content, now);
    sealer.budget.give(content.heldBytes, content.holder);
    sealer.unsealed.delete(content.traceId);
  };
  return {
    open(traceId, timeMs) {
      const atAccept = mode();
      if (atAccept === "off") return null;
      sealer.unsealed.add(traceId);
      return new Recording({
        traceId,
        timeMs,
        mode: atAccept,
        modeNow: mode,
        budget: sealer.budget,
        maxPartBytes: options.maxBytes * RAW_FACTOR,
        receive,
        drop: () => void sealer.unsealed.delete(traceId),
      });
    },
  };
}
