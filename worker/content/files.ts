/** Names below the data directory. */
export const CONTENT_FILES = {
  /** Wrapped subject keys and tombstones. Back it up apart, and let the copies expire. */
  subjects: "subjects.sqlite",
  /** One line an erased subject; a restored `subjects.sqlite` is held against it. */
  erased: "erased-subjects",
  /** Sealed parts, and references to objects. */
  content: "content.sqlite",
  /** Sealed parts that are too large for a row. */
  objects: "content",
} as const;
