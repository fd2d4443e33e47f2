/**
 * Lists that the API gives whole, shown a page at a time. A page begins after the row that the one before ended with, so that it stays
 * what it is while rows come and go.
 */
import { linkWith, type Visit } from "./visit.ts";

export const PAGE_ROWS = 50;

export interface Cut<Row> {
  readonly rows: readonly Row[];
  /** How many there are in all. */
  readonly total: number;
  /** Of the first page; null: this is it. */
  readonly first: string | null;
  /** Of what follows; null: nothing does. */
  readonly next: string | null;
}

/** @param nameOf what no two rows share. A row that is gone leads to the first page. */
export function cutRows<Row>(
  visit: Visit,
  all: readonly Row[],
  nameOf: (row: Row) => string,
): Cut<Row> {
  const cursor = visit.query.get("cursor");
  const at = cursor === null ? 0 : all.findIndex((row) => nameOf(row) === cursor) + 1;
  const rows = all.slice(at, at + PAGE_ROWS);
  const last = rows.at(-1);
  const isMore = all.length > at + PAGE_ROWS && last !== undefined;
  return {
    rows,
    total: all.length,
    first: at === 0 ? null : linkWith(visit, { cursor: null }),
    next: isMore ? linkWith(visit, { cursor: nameOf(last) }) : null,
  };
}

/** Whether one of the texts has the other in it, in any case. An empty one is in all. */
export function isFound(texts: readonly (string | null)[], search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return wanted === "" || texts.some((text) => text?.toLowerCase().includes(wanted) === true);
}
