/** A streamed answer before it is played: events and the tokens each takes to come about. Pure. */

export interface Step {
  /** One whole event, blank line included; empty: time passes in silence. */
  readonly text: string;
  /** How many token intervals pass before it. */
  readonly tokens: number;
}

/** Gives ids of an answer: prefix and 24 hex digits. */
export type MintId = (prefix: string) => string;

/** What all parts of one answer share. */
export interface AnswerFrame {
  readonly model: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** The answer's own id; always the same. */
  readonly answerId: MintId;
  /** Of its parts; each different. */
  readonly mintId: MintId;
}

/** OpenAI's way: no name. */
export function dataEvent(data: unknown, tokens: number): Step {
  return { text: `data: ${JSON.stringify(data)}\n\n`, tokens };
}

/** Anthropic's and the Responses API's way: the name is also the data's `type`. */
export function namedEvent<T extends { readonly type: string }>(data: T, tokens: number): Step {
  return { text: `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`, tokens };
}
