/** For the tests of this folder: an egress with one destination, named `up`, and one exchange told as plain data. */
import {
  createEgress,
  EgressError,
  type Egress,
  type EgressOptions,
  type Exchange,
} from "../egress.ts";

export interface Told {
  readonly status: number;
  readonly text: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** Private addresses are allowed unless `allowPrivate` is false. The caller closes it. */
export function egressTo(
  origin: string,
  options: Partial<EgressOptions> = {},
  allowPrivate = true,
): Egress {
  return createEgress({
    destinations: [{ name: "up", origin, reason: "test", allowPrivate }],
    connectMs: 1_000,
    firstByteMs: 1_000,
    now: () => performance.now(),
    ...options,
  });
}

export interface Sent {
  readonly method?: string;
  readonly body?: string | readonly Uint8Array[];
  readonly headers?: readonly (readonly [string, string])[];
  readonly pathAndQuery?: string;
}

export function send(egress: Egress, sent: Sent = {}): Exchange {
  const body = sent.body ?? "{}";
  return egress.send({
    destination: "up",
    method: sent.method ?? "POST",
    pathAndQuery: sent.pathAndQuery ?? "/v1/x?y=1",
    headers: sent.headers ?? [],
    body: typeof body === "string" ? [new TextEncoder().encode(body)] : body,
  });
}

/** The whole answer, or the failure's kind. */
export async function exchange(egress: Egress, sent: Sent = {}): Promise<Told | string> {
  try {
    const answer = await send(egress, sent).answer;
    return await new Promise<Told | string>((resolve) => {
      const decoder = new TextDecoder();
      let text = "";
      answer.body.start({
        data: (chunk) => void (text += decoder.decode(chunk, { stream: true })),
        end: () => resolve({ status: answer.status, text, headers: new Map(answer.headers) }),
        fail: (error) => resolve(`${error.kind} after ${text.length}`),
      });
    });
  } catch (error) {
    if (!(error instanceof EgressError)) return "other";
    return `${error.kind}${error.isRetryable ? " (retryable)" : ""}`;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until it holds, two seconds at most. */
export async function until(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 400; i++) {
    if (holds()) return true;
    await sleep(5);
  }
  return holds();
}
