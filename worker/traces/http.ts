/** One small exchange with the Collector or a trace back end, through the gateway's one way out. */
import type { Answer, Egress, EgressError, EgressRequest, HeaderList } from "../egress.ts";
import { joinBytes } from "../stream/transcript.ts";

export interface SmallAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  /** Up to the limit. */
  readonly body: Uint8Array;
  /** There was more. */
  readonly isCut: boolean;
}

/** Rejects with `EgressError`; after `limitMs` that is `cancelled`. */
export async function exchange(
  egress: Pick<Egress, "send">,
  request: EgressRequest,
  limits: { readonly limitMs: number; readonly maxBytes: number },
): Promise<SmallAnswer> {
  const sent = egress.send(request);
  const limit = setTimeout(() => sent.cancel(), limits.limitMs);
  try {
    const answer = await sent.answer;
    const { status, headers } = answer;
    return { status, headers, ...(await readBody(answer, limits.maxBytes)) };
  } finally {
    clearTimeout(limit);
    sent.cancel();
  }
}

function readBody(
  { body }: Answer,
  maxBytes: number,
): Promise<Pick<SmallAnswer, "body" | "isCut">> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    body.start({
      data(chunk) {
        if (size <= maxBytes) chunks.push(chunk);
        size += chunk.length;
        // What is beyond the limit is not waited for.
        if (size > maxBytes) resolve({ body: joinBytes(chunks), isCut: true });
      },
      end: () => resolve({ body: joinBytes(chunks), isCut: false }),
      fail: (error: EgressError) => reject(error),
    });
  });
}
