/** Tables: a caption for screen readers, figures to the right, and pages by keyset (a link to what follows, never a page number). */
import type { Children } from "@kitajs/html";

export interface Column<Row> {
  readonly head: string;
  /** Figures stand to the right, in digits of one width. */
  readonly align?: "left" | "right";
  /** What may fall away on a phone. */
  readonly minor?: boolean;
  readonly cell: (row: Row) => JSX.Element;
}

interface TableProps<Row> {
  /** What the table shows, for those who don't see what stands around it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Instead of a table without rows. */
  readonly empty: JSX.Element;
  /** On a phone each row is a card, a line a column, and the minor ones stay: for rows that are too wide there. */
  readonly stacks?: boolean;
  /** Of the body, where rows come later: then the table stands without rows, too, and `empty` below it. */
  readonly bodyId?: string;
}

export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { rows, empty, bodyId } = props;
  if (bodyId === undefined) return rows.length === 0 ? empty : <Filled {...props} />;
  return (
    <>
      <Filled {...props} />
      {empty}
    </>
  );
}

function Filled<Row>(props: TableProps<Row>): JSX.Element {
  const { caption, columns, rows, bodyId } = props;
  if (props.stacks === true) return <Stacked {...props} />;
  return (
    <div class="table-wrap" tabindex="0" role="region" aria-label={caption}>
      <table>
        <caption class="hidden" safe>
          {caption}
        </caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={classOf(column)} safe>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...(bodyId === undefined ? {} : { id: bodyId })}>
          <Rows columns={columns} rows={rows} />
        </tbody>
      </table>
    </div>
  );
}

/** What is no table to the eye stays one to a screen reader: therefore the roles. */
function Stacked<Row>({ caption, columns, rows }: TableProps<Row>): JSX.Element {
  return (
    <div class="table-wrap" tabindex="0" role="region" aria-label={caption}>
      <table class="stacks" role="table">
        <caption class="hidden" safe>
          {caption}
        </caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th scope="col" role="columnheader" class={classOf(column)} safe>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row">
              {columns.map((column) => {
                const cell = column.cell(row);
                return (
                  <td role="cell" data-head={column.head} class={classOf(column)}>
                    <div>{cell}</div>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Rows alone, for a table that is there. */
export function Rows<Row>({
  columns,
  rows,
  isFresh = false,
}: Pick<TableProps<Row>, "columns" | "rows"> & {
  /** They come to a page that is being looked at. */
  readonly isFresh?: boolean;
}): JSX.Element {
  return (
    <>
      {rows.map((row) => (
        <tr {...(isFresh ? { class: "fresh" } : {})}>
          {columns.map((column) => {
            const cell = column.cell(row);
            return <td class={classOf(column)}>{cell}</td>;
          })}
        </tr>
      ))}
    </>
  );
}

function classOf<Row>({ align, minor }: Column<Row>): string {
  return [align === "right" ? "figure" : "", minor === true ? "minor" : ""].join(" ").trim();
}

interface PagerProps {
  /** Of the first page; null: this is it. */
  readonly first: string | null;
  /** Of what follows; null: nothing does. */
  readonly next: string | null;
  readonly children?: Children;
}

export function Pager({ first, next, children }: PagerProps) {
  if (first === null && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages of this table">
      {children}
      {first === null ? null : (
        <a class="button" href={first}>
          Newest
        </a>
      )}
      {next === null ? null : (
        <a class="button" href={next} rel="next">
          Next
        </a>
      )}
    </nav>
  );
}
