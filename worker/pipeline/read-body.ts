/** The request's body, whole, up to the limit. Nothing of it is kept when it is refused. */
import { GatewayError } from "../errors.ts";
import { joinBytes } from "../stream/transcript.ts";

/** @throws GatewayError `body_too_large`, or `invalid_request` when the client did not send what it announced */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    if (Number(announced) > maxBytes) throw tooLarge(maxBytes);
    try {
      return new Uint8Array(await request.arrayBuffer());
    } catch {
      throw new GatewayError("invalid_request", { hint: "The body did not arrive whole." });
    }
  }
  return readUnannounced(request, maxBytes);
}

async function readUnannounced(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joinBytes(chunks);
      size += value.length;
      if (size > maxBytes) break;
      chunks.push(value);
    }
  } catch {
    throw new GatewayError("invalid_request", { hint: "The body did not arrive whole." });
  }
  reader.cancel().catch(() => undefined);
  throw tooLarge(maxBytes);
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("body_too_large", { hint: `The limit is ${maxBytes} bytes.` });
}
