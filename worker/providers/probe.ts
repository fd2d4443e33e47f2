/** Whether a provider answers, and takes our credential: by its list of models, which costs nothing. */
import { EgressError } from "../egress.ts";
import type { Provider } from "./provider.ts";

const LIMIT_MS = 15_000;

export type ProbeCode =
  | "ok"
  /** 401 or 403: the credential. */
  | "credential_refused"
  /** It answers, but not as a provider does: 404 may mean that the base URL is wrong, or that it has no list of models. */
  | "unexpected_status"
  | "unreachable"
  | "timeout";

export interface Probe {
  readonly code: ProbeCode;
  /** Null: no answer. */
  readonly status: number | null;
  readonly latencyMs: number;
}

/** Never rejects. Nothing of the answer's text is kept. @param now monotonic ms */
export async function probeProvider(provider: Provider, now: () => number): Promise<Probe> {
  const startedAt = now();
  const [endpoint = "chat"] = provider.endpoints;
  const exchange = provider.send({
    endpoint,
    method: "GET",
    path: "/models",
    query: "",
    headers: [["accept-encoding", "identity"]],
    body: [],
    callerCredential: null,
  });
  const limit = setTimeout(() => exchange.cancel(), LIMIT_MS);
  const done = (code: ProbeCode, status: number | null): Probe => ({
    code,
    status,
    latencyMs: Math.round(now() - startedAt),
  });
  try {
    const { status } = await exchange.answer;
    if (status >= 200 && status < 300) return done("ok", status);
    return done(
      status === 401 || status === 403 ? "credential_refused" : "unexpected_status",
      status,
    );
  } catch (error) {
    const kind = error instanceof EgressError ? error.kind : "unreachable";
    const isLate = kind === "cancelled" || kind.startsWith("timeout");
    return done(isLate ? "timeout" : "unreachable", null);
  } finally {
    clearTimeout(limit);
    exchange.cancel();
  }
}
