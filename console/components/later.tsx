/**
 * A part of a page that takes longer than the page: asked for by the page itself once it stands. Without scripts a link brings the same
 * page with the part in it, which is what `hasAll` tells the page from.
 */
import { linkWith, type Visit } from "../visit.ts";

interface LaterProps {
  readonly visit: Visit;
  /** Answers the part alone, as a `Piece`. */
  readonly from: string;
  /** What comes, for the link and for screen readers: "users, teams and models". */
  readonly what: string;
}

export function Later({ visit, from, what }: LaterProps) {
  return (
    <div
      class="later"
      hx-get={from}
      hx-trigger="load"
      hx-target="this"
      hx-swap="outerHTML"
      aria-busy="true"
    >
      <a class="button" href={linkWith(visit, { all: "1" })} safe>
        {`Show ${what}`}
      </a>
    </div>
  );
}

/** Whether the parts are to stand in the page at once. */
export function hasAll({ query }: Visit): boolean {
  return query.get("all") === "1";
}
