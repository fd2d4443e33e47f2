/** Lists as people type them: names divided by commas, spaces or lines; and `name: value`, one a line. */

export function parseWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

/** The value is null where nothing follows the name; what has no colon is all name. */
export function parsePairs(text: string): Record<string, string | null> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      const value = at < 0 ? "" : line.slice(at + 1).trim();
      return [(at < 0 ? line : line.slice(0, at)).trim(), value === "" ? null : value];
    }),
  );
}
