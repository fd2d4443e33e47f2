/** What went wrong in Postgres, by its SQLSTATE; and what never got there. Drizzle's and the driver's words are not passed on: they quote. */

/** https://www.postgresql.org/docs/current/errcodes-appendix.html; or a code of the driver's or of the socket's; null for neither. */
function codeOf(error: unknown): string | null {
  // Drizzle wraps what the driver threw.
  for (let each = error; each instanceof Error; each = each.cause) {
    if ("code" in each && typeof each.code === "string") return each.code;
  }
  return null;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** A value that must be unique is there already, or one is refused by its column. */
export function isConstraint(error: unknown): boolean {
  return codeOf(error)?.startsWith("23") === true;
}

/** The values themselves are refused: other rows may still be written. */
export function isRefusedRow(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof RefusedRow || (code !== null && /^2[23]...$/.test(code));
}

/** Nothing reached the database, or it went away: later it may work. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (code === null) return false;
  // Connection lost, resources used up, shut down or not up yet, canceled for its time. Whatever is no SQLSTATE comes from driver or socket.
  return SQLSTATE.test(code) ? /^(?:08|53|57)/.test(code) : true;
}

/** Another transaction was in the way: the same again may work. */
export function isInTheWay(error: unknown): boolean {
  return codeOf(error)?.startsWith("40") === true;
}

/** A row that can't even be asked for. */
export class RefusedRow extends Error {
  override readonly name = "RefusedRow";
}

/** The database said no; with its SQLSTATE, and without the words of its error, which quote values. */
export class PgFault extends Error {
  override readonly name = "PgFault";
  readonly code: string;
  constructor(error: unknown) {
    const code = codeOf(error) ?? "unknown";
    super(`the database refused (${code})`);
    this.code = code;
  }
}
