/**
 * What the pipeline knows of a client wire format: how to check a request, read an answer and word an error. Types only.
 * Every implementation is pure: no I/O, no clock.
 */
import type { TSchema } from "@sinclair/typebox";
import type { Dialect, Endpoint, Family, FinishReason, Usage } from "../chat.ts";
import type { GatewayError } from "../errors.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** What an answer said of itself. Strings are as the provider sent them: `settle` bounds them before they are stored. */
export interface AnswerFacts {
  /** Null if the provider reported none. */
  readonly usage: Usage | null;
  /** False while the usage may be a beginning: Anthropic's `message_start` names one output token. */
  readonly isUsageFinal: boolean;
  readonly model: string | null;
  readonly serviceTier: string | null;
  /** Of the first choice that finished; null: none did. */
  readonly finishReason: FinishReason | null;
  /** Of the Responses API only. */
  readonly responseId: string | null;
  /** The answer carries the dialect's error object. */
  readonly isError: boolean;
}

/** What to do with one event of a stream. */
export type Verdict =
  /** Hand on at once. */
  | "pass"
  /** Not asked for by the caller: drop. */
  | "hide"
  /** The terminal unit: hold until the ledger row is committed. */
  | "end";

/** Follows one streamed answer, event by event. */
export interface StreamReader {
  /** @param event Latin-1 text of one whole event, blank line included */
  read(event: string): Verdict;
  /** Whether an event that begins like this may turn out to be one that must not be handed on yet. */
  mayHold(beginning: string): boolean;
  /** Whether a clean end of the body without a terminal unit is a whole answer. */
  isComplete(): boolean;
  facts(): AnswerFacts;
}

export interface StreamOptions {
  /** The usage chunk was asked for by us, not by the caller. */
  readonly hideUsage: boolean;
  /** How many choices the caller asked for. */
  readonly choices: number;
}

/** Of one answer, in tokens. */
export interface OutputBounds {
  /** Where the request sets no limit. */
  readonly usual: number;
  /** What the model can write; Infinity: not known. */
  readonly most: number;
}

export interface Wire {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly family: Family;
  /** The part of the request on which the gateway acts; the rest passes unread. */
  readonly request: TSchema;
  /** The most output tokens that the request may bring, over all that it asks to be written. */
  maxOutputTokens(request: JsonObject, bounds: OutputBounds): number;
  /** Facts of a non-streamed answer. */
  readAnswer(json: JsonObject): AnswerFacts;
  openStream(options: StreamOptions): StreamReader;
  /** Text that the model wrote, of a whole answer or of one event's data: for estimates. */
  outputText(json: JsonObject): string;
}

/** How a family of dialects words errors. */
export interface ErrorWire {
  /** Body of an error answer: JSON text. */
  body(error: GatewayError, requestId: string): string;
  /** One whole SSE event, blank line included, for a failure after the first byte. */
  event(error: GatewayError, requestId: string): string;
  /** An error body of the provider (JSON text) as one SSE event, for a 200 that was given already; null if it is none. */
  eventFromBody(body: string): string | null;
}
