/**
 * How long content is kept: what is older than the window is deleted, in batches small enough that the thread which does it still
 * seals in between. Rows go first: a crash leaves an object that nobody refers to, which the sweep takes as soon as it is too old.
 */
import type { ContentObjects, ContentStore } from "../../db/store.ts";

/** At 16 KiB a part, some 3 MiB to overwrite. */
const BATCH_PARTS = 200;

export interface Retention {
  /** One batch; resolves to how many parts it deleted, 0 when nothing is too old. Rejects if the stores can't be written. */
  step(): Promise<number>;
}

export interface RetentionOptions {
  readonly content: Pick<ContentStore, "expire">;
  readonly objects: Pick<ContentObjects, "remove">;
  /** Null: for ever. Asked before every batch. */
  readonly keepMs: () => number | null;
  readonly now: () => number;
}

export function createRetention({ content, objects, keepMs, now }: RetentionOptions): Retention {
  return {
    async step() {
      const ms = keepMs();
      if (ms === null) return 0;
      const expired = await content.expire(now() - ms, BATCH_PARTS);
      for (const object of expired.objects) await objects.remove(object);
      return expired.parts;
    },
  };
}
