/**
 * What goes where: results (a key, a table, JSON) to standard output, words for a person to standard error. So a pipe gets the result
 * alone, and a person at a terminal sees both. A secret goes to standard output only.
 */

export interface Terminal {
  /** A result: one or more whole lines, without the last newline. */
  out(lines: string): void;
  /** Words for the person: progress, what to do next, errors. */
  say(lines: string): void;
  /** Whether results go to a person's screen, and not to a file or another program. */
  readonly isScreen: boolean;
  /** Emphasis where a screen can show it, else the text itself. */
  bold(text: string): string;
  dim(text: string): string;
}

/** The part of a runtime's standard streams that is used. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function createTerminal(
  stdout: OutputStream,
  stderr: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isScreen = stdout.isTTY === true;
  const hasStyle = isScreen && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const style = (code: number) => (text: string) =>
    hasStyle ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    out: (lines) => void stdout.write(`${lines}\n`),
    say: (lines) => void stderr.write(`${lines}\n`),
    isScreen,
    bold: style(1),
    dim: style(2),
  };
}

/** A stored text as it may be shown: control characters, which could steer a terminal, become `?`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}

/** Columns as wide as their widest cell, two spaces apart; no space at a line's end. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
