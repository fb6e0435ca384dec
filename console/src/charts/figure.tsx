import type { ComponentChildren } from 'preact';

export interface Series {
  head: string;
  cells: readonly string[];
}

interface Props {
  /** What the chart shows, as a sentence for those who do not see it. */
  label: string;
  /** What the chosen point says; the hint when none is chosen. */
  readout: ComponentChildren;
  /** The same figures as a table: the first series names the rows. */
  table: readonly Series[];
  onKey: (key: string) => boolean;
  onLeave: () => void;
  children: ComponentChildren;
}

/** More rows than this are not read one by one; the API has them all. */
const ROWS_MAX = 400;

/** A chart, what its chosen point says, and the same figures as a table. Arrow keys choose a point. */
export function ChartFigure({ label, readout, table, onKey, onLeave, children }: Props) {
  return (
    <figure class="chart">
      <p class="readout" aria-live="polite">
        {readout}
      </p>
      <div
        class="canvas"
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={`${label}. Arrow keys read its points.`}
        onKeyDown={(event) => {
          if (onKey(event.key)) event.preventDefault();
        }}
        onBlur={onLeave}
        onPointerLeave={onLeave}
      >
        {children}
      </div>
      <DataTable label={label} table={table} />
    </figure>
  );
}

export function DataTable({ label, table }: Pick<Props, 'label' | 'table'>) {
  const [names, ...others] = table;
  if (names === undefined) return null;
  return (
    <details class="figures">
      <summary>The figures as a table</summary>
      <div class="scroller low" tabIndex={0} role="region" aria-label={`${label}: figures`}>
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">{names.head}</th>
              {others.map(({ head }) => (
                <th key={head} scope="col" class="figure">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {names.cells.slice(-ROWS_MAX).map((name, row) => {
              const index = Math.max(0, names.cells.length - ROWS_MAX) + row;
              return (
                <tr key={`${name} ${index}`}>
                  <th scope="row">{name}</th>
                  {others.map(({ head, cells }) => (
                    <td key={head} class="figure">
                      {cells[index]}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </details>
  );
}
