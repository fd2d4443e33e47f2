/** What sealing itself costs, without a gateway around it: compression and encryption of one part, in this process. */
import { randomBytes, randomInt } from "node:crypto";
import { compress } from "../../worker/encryption/compression.ts";
import { createKeyring } from "../../worker/encryption/keyring.ts";
import { openEnvelope } from "../../worker/encryption/open.ts";
import { sealPart, type Part } from "../../worker/encryption/seal.ts";
import { number, type Section } from "../report.ts";

const SIZES = [4 * 1_024, 64 * 1_024, 1_024 * 1_024];
const SECONDS_A_FIGURE = 0.7;

const random = (size: number) => new Uint8Array(randomBytes(size));

/** JSON with text in it: words of a vocabulary, by chance. */
function chatText(size: number): Uint8Array {
  const words = Array.from({ length: 500 }, () => randomBytes(6).toString("base64url"));
  let text = '{"messages":[{"role":"user","content":"';
  while (text.length < size) text += `${words[randomInt(words.length)] ?? ""} `;
  return new TextEncoder().encode(text.slice(0, size));
}

/** µs a call: the median of batches. */
async function microseconds(work: () => unknown): Promise<number> {
  const batches: number[] = [];
  const end = performance.now() + SECONDS_A_FIGURE * 1_000;
  for (let calls = 1; performance.now() < end; calls = Math.min(calls * 2, 64)) {
    const startedAt = performance.now();
    for (let i = 0; i < calls; i++) await work();
    batches.push(((performance.now() - startedAt) * 1_000) / calls);
  }
  return batches.sort((a, b) => a - b)[Math.floor(batches.length / 2)] ?? Number.NaN;
}

export async function measureSealing(): Promise<Section> {
  const keyring = createKeyring("11".repeat(32), []);
  const handle = "ab".repeat(16);
  const subjectKey = random(32);
  const wrapped = keyring.wrap(handle, subjectKey, random);
  const rows: string[][] = [];
  for (const size of SIZES) {
    const part: Part = {
      traceId: "cd".repeat(16),
      spanId: "ef".repeat(8),
      field: "input",
      media: "json",
      isCut: false,
      bytes: chatText(size),
    };
    const seal = () =>
      sealPart(part, { kid: keyring.kid, handle, subjectKey, share: null, random });
    const envelope = seal();
    const open = () =>
      openEnvelope(envelope, {
        keyring,
        recipient: null,
        subjects: () => ({ state: "live", wrapped }),
      });
    const sealing = await microseconds(seal);
    const compressing = await microseconds(() => compress(part.bytes, "zstd"));
    const opening = await microseconds(open);
    rows.push([
      `${size}`,
      `${envelope.length}`,
      number(sealing, 1),
      number(compressing, 1),
      number(size / sealing, 0),
      number(opening, 1),
    ]);
  }
  return {
    title: "Sealing one part",
    columns: [
      "bytes",
      "sealed bytes",
      "sealing, µs",
      "of it compression, µs",
      "MB/s",
      "opening, µs",
    ],
    rows,
    notes: [
      "In one process, on no pinned core; the gateway does this in a thread of its own, behind the answer.",
    ],
    goals: [],
  };
}
