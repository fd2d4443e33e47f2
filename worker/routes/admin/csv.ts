/** CSV as RFC 4180 has it. */

type Cell = string | number | boolean | null;

/** The first row names the columns. Null is an empty cell. */
export function toCsv(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, Cell>>[],
): string {
  const lines = [columns.join(",")];
  for (const row of rows) lines.push(columns.map((column) => cell(row[column] ?? null)).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function cell(value: Cell): string {
  if (value === null) return "";
  const text = String(value);
  // A spreadsheet would run what begins like a formula. Stored names can't; this holds if that changes.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
