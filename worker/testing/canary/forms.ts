/**
 * A canary: a text that stands nowhere else, sent where content goes; and every form in which it might turn up where it must not.
 * All canaries of a run share a mark, so that one search finds them all; what follows the mark tells which one it was.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";

const MARK_LENGTH = 18;
const ALPHABET = "bcdfghjklmnpqrstvwxz";

export interface Canaries {
  /** Letters alone: no escaping changes them. */
  readonly mark: string;
  /** A new canary for a place: mark, number, and characters that every escaping changes. */
  at(place: string): string;
  /** The place that a number stands for. */
  placeOf(number: number): string;
  readonly count: number;
}

export function createCanaries(): Canaries {
  const mark = Array.from(
    randomBytes(MARK_LENGTH),
    (byte) => ALPHABET[byte % ALPHABET.length] ?? "b",
  ).join("");
  const places: string[] = [];
  return {
    mark,
    at(place) {
      places.push(place);
      return `${mark}${String(places.length - 1).padStart(3, "0")} "é😀<&`;
    },
    placeOf: (number) => places[number] ?? "unknown",
    get count() {
      return places.length;
    },
  };
}

export interface Needle {
  readonly form: string;
  readonly bytes: Uint8Array;
}

/** Every form of the mark. */
export function needlesOf(mark: string): readonly Needle[] {
  const text = (value: string) => new Uint8Array(Buffer.from(value, "latin1"));
  const escaped = (each: (code: string) => string) =>
    text(Array.from(mark, (letter) => each(letter.charCodeAt(0).toString(16))).join(""));
  const plain = Buffer.from(mark, "latin1");
  return [
    { form: "plain", bytes: text(mark) },
    { form: "upper case", bytes: text(mark.toUpperCase()) },
    { form: "JSON escapes", bytes: escaped((code) => `\\u${code.padStart(4, "0")}`) },
    {
      form: "JSON escapes, upper case",
      bytes: escaped((code) => `\\u${code.toUpperCase().padStart(4, "0")}`),
    },
    { form: "URL escapes", bytes: escaped((code) => `%${code}`) },
    { form: "URL escapes, upper case", bytes: escaped((code) => `%${code.toUpperCase()}`) },
    { form: "HTML escapes", bytes: escaped((code) => `&#x${code};`) },
    { form: "hex", bytes: text(plain.toString("hex")) },
    { form: "hex, upper case", bytes: text(plain.toString("hex").toUpperCase()) },
    { form: "UTF-16 LE", bytes: new Uint8Array(Buffer.from(mark, "utf16le")) },
    {
      form: "UTF-16 BE",
      bytes: new Uint8Array(Buffer.from(`\0${[...mark].join("\0")}`, "latin1")),
    },
    // What stands before and behind decides the first and the last characters: only what is between is searched.
    ...[0, 1, 2].map((phase) => ({
      form: `base64, phase ${phase}`,
      bytes: text(base64Inner(plain, phase)),
    })),
  ];
}

function base64Inner(plain: Uint8Array, phase: number): string {
  const shifted = Buffer.concat([Buffer.alloc(phase), plain]).toString("base64");
  return shifted.slice(Math.ceil((phase * 8) / 6), Math.floor(((phase + plain.length) * 8) / 6));
}
