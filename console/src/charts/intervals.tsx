import { share } from '../lib/format.ts';

export interface IntervalRow {
  name: string;
  n: number;
  value: number | null;
  low: number | null;
  high: number | null;
}

const interval = ({ low, high }: IntervalRow): string =>
  low === null || high === null ? 'no interval' : `${share(low, 0)} to ${share(high, 0)}`;

/** Rates with their 95 % intervals under one another; the line in the middle is a coin. */
export function Intervals({ label, rows }: { label: string; rows: readonly IntervalRow[] }) {
  return (
    <table class="intervals">
      <caption class="hidden">{label}</caption>
      <thead>
        <tr>
          <th scope="col">Group</th>
          <th scope="col" class="figure">
            n
          </th>
          <th scope="col" class="figure">
            Hit rate
          </th>
          <th scope="col">
            <span class="ends">
              <span>0 %</span>
              <span class="middle">95 % interval</span>
              <span>100 %</span>
            </span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name} title={interval(row)}>
            <th scope="row">{row.name}</th>
            <td class="figure">{row.n}</td>
            <td class="figure">{share(row.value)}</td>
            <td class="plot">
              <span class="hidden">{interval(row)}</span>
              <svg viewBox="0 0 200 18" preserveAspectRatio="none" aria-hidden="true">
                <path class="gridline" d="M100 0V18" />
                {row.low !== null && row.high !== null && (
                  <path class="whisker" d={`M${row.low * 200} 9H${row.high * 200}`} />
                )}
                {row.value !== null && <path class="point" d={`M${row.value * 200} 9h.01`} />}
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
