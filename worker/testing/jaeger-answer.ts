/** What Jaeger answers at `/api/v3/traces`, as far as tests read it: OTLP's JSON with ids in hex. */
interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface HexSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly Attribute[];
}

export interface JaegerAnswer {
  readonly result: {
    readonly resourceSpans: readonly {
      readonly resource: unknown;
      readonly scopeSpans: readonly { readonly spans: readonly HexSpan[] }[];
    }[];
  };
}

export function spansOfAnswer({ result }: JaegerAnswer): HexSpan[] {
  return result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
