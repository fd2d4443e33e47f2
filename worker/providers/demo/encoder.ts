/** What each dialect of the demo can do. The type only. */
import type { Completion } from "./completion.ts";
import type { AnswerFrame, Step } from "./steps.ts";

export interface DemoEncoder {
  /** The answer in one piece: JSON text. */
  whole(completion: Completion, frame: AnswerFrame): string;
  /** The answer as a stream. Every step with text is one event. */
  steps(completion: Completion, frame: AnswerFrame, includesUsage: boolean): readonly Step[];
  /** What a stream says that fails after `sent` events. */
  failure(frame: AnswerFrame, sent: number): readonly Step[];
}
