import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

export interface Column<Row> {
  id: string;
  head: ComponentChildren;
  cell: (row: Row) => ComponentChildren;
  /** Aligned to the right, in tabular figures. */
  figure?: boolean;
  /** What to sort by; absent: this column cannot be sorted by. */
  by?: (row: Row) => number | string | null;
  title?: string;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  /** The row that a detail elsewhere on the page belongs to. */
  chosen?: string | number | undefined;
  /** The column sorted by at first; as the service gave them when absent. */
  sorted?: { id: string; down: boolean };
}

/** Rows in columns: the first is the name of its row. It scrolls by itself when the screen is narrow. */
export function Table<Row>({ label, columns, rows, keyOf, chosen, sorted }: Props<Row>) {
  const [order, setOrder] = useState(sorted);
  const shown = inOrder(rows, columns, order);
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label={label}>
      <table class="grid">
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={keyOf(row)} class={chosen !== undefined && keyOf(row) === chosen ? 'chosen' : ''}>
              {columns.map(({ id, cell, figure = false }, index) =>
                index === 0 ? (
                  <th key={id} scope="row" class={figure ? 'figure' : ''}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={id} class={figure ? 'figure' : ''}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type Order = { id: string; down: boolean } | undefined;

function Head<Row>(props: { column: Column<Row>; order: Order; onOrder: (order: Order) => void }) {
  const { column, order, onOrder } = props;
  const { id, head, figure = false, by, title } = column;
  const own = order?.id === id ? order : undefined;
  const direction = own === undefined ? 'none' : own.down ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      class={figure ? 'figure' : ''}
      title={title}
      {...(by === undefined ? {} : { 'aria-sort': direction })}
    >
      {by === undefined ? (
        head
      ) : (
        <button
          type="button"
          class="sort"
          onClick={() => onOrder({ id, down: own === undefined ? figure : !own.down })}
        >
          {head}
          <span class="arrow" aria-hidden="true">
            {own === undefined ? '' : own.down ? '↓' : '↑'}
          </span>
        </button>
      )}
    </th>
  );
}

/** What has no value stands last, whichever way. */
function inOrder<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order): readonly Row[] {
  const by = columns.find(({ id }) => id === order?.id)?.by;
  if (by === undefined || order === undefined) return rows;
  const sign = order.down ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [by(left), by(right)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * String(a).localeCompare(String(b));
  });
}
