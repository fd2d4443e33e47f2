/** The body of a request that passes unread: JSON is read whole for its model and its ids; anything else is not looked at. */
import { splice } from "../body/fields.ts";
import { parseJsonBody, type JsonBody } from "../body/parse.ts";
import { mediaOf, type Recording } from "../content/recording.ts";
import type { Upload } from "../egress.ts";
import { GatewayError } from "../errors.ts";
import { modelEdit } from "../pipeline/edits.ts";
import { readBody } from "../pipeline/read-body.ts";
import type { Operation } from "./operations.ts";

export type OpaqueBody =
  | { readonly kind: "json"; readonly body: JsonBody; readonly model: string | null }
  | { readonly kind: "upload"; readonly upload: Upload }
  | { readonly kind: "none" };

/** Only JSON is recorded: what is uploaded is not. @throws GatewayError `body_too_large`, `invalid_json`, `invalid_request` … */
export async function openBody(
  operation: Operation,
  request: Request,
  maxBytes: number,
  recording: Recording | null,
): Promise<OpaqueBody> {
  if (operation.body === "none") return { kind: "none" };
  const media = mediaOf(request.headers.get("content-type"));
  if (operation.body === "json" || (operation.body === "either" && media === "json")) {
    const bytes = await readBody(request, maxBytes);
    recording?.input(bytes, media);
    const body = parseJsonBody(bytes);
    const { model = null } = body.json;
    if (model !== null && (typeof model !== "string" || model === "")) {
      throw new GatewayError("invalid_request", { field: "model", hint: "It must be a name." });
    }
    return { kind: "json", body, model };
  }
  if (request.body === null) return { kind: "none" };
  const announced = request.headers.get("content-length");
  const sizeBytes = announced === null ? null : Number(announced);
  if (sizeBytes !== null && sizeBytes > maxBytes) throw tooLarge(maxBytes);
  return { kind: "upload", upload: { sizeBytes, stream: request.body } };
}

/** The caller's bytes, with the provider's prefix taken off the model. @param model as the provider knows it; empty: none is named */
export function jsonPieces(body: JsonBody, model: string): readonly Uint8Array[] {
  const edit = model === "" ? null : modelEdit(body, model);
  return splice(body.bytes, edit === null ? [] : [edit]);
}

/** `gone`: the client did not send what it announced. */
export type BrokenUpload = "too_large" | "gone";

/** The same upload. It breaks where it turns out to be larger than is allowed, and says why it broke. */
export function watchUpload(
  upload: Upload,
  maxBytes: number,
  onBroken: (why: BrokenUpload) => void,
): Upload {
  const reader = upload.stream.getReader();
  let size = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const result = await reader.read().catch(() => null);
        if (result !== null && result.done) return controller.close();
        size += result?.value.length ?? 0;
        if (result !== null && size <= maxBytes) return controller.enqueue(result.value);
        onBroken(result === null ? "gone" : "too_large");
        reader.cancel().catch(() => undefined);
        controller.error(BROKEN);
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
  return { sizeBytes: upload.sizeBytes, stream };
}

/** One constant: the runtime may print it. */
const BROKEN = Object.freeze(Object.assign(new Error("upload broken off"), { stack: "" }));

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("body_too_large", {
    hint: `The limit is ${maxBytes} bytes, for uploads too (ANYRAY_MAX_BODY_BYTES).`,
  });
}
