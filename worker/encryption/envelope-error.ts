/** What can be wrong with an envelope, in one word each (SPEC.md). The words tell nothing of keys or content. */

const TEXTS = {
  unknown_version: "The envelope is of a version that this program does not know. Use a newer one.",
  unknown_key:
    "The subject's key is wrapped by a master key that was not given. Add it to ANYRAY_CONTENT_KEYS_RETIRED.",
  erased_subject: "The subject's key was destroyed: this content can't be read any more.",
  unknown_subject:
    "The subject's key is not in this key export, and was not destroyed either. Make a new export.",
  not_a_recipient: "The envelope is sealed for other recipients than the private key given.",
  damaged: "The envelope is damaged, or is not what it claims to be.",
} as const;

export type EnvelopeErrorCode = keyof typeof TEXTS;

export class EnvelopeError extends Error {
  override readonly name = "EnvelopeError";
  readonly code: EnvelopeErrorCode;

  constructor(code: EnvelopeErrorCode) {
    super(TEXTS[code]);
    this.code = code;
  }
}
