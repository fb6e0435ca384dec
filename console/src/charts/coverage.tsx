import { plural, utc } from '../lib/format.ts';

interface Range {
  from: string;
  to: string;
}

const told = ({ from, to }: Range): string => `${utc(from)} to ${utc(to)}`;

/** Which parts of the time shown are known; what is missing is hatched, not only of another colour. */
export function Coverage(props: {
  from: string;
  to: string;
  covered: readonly Range[];
  gaps: readonly Range[];
}) {
  const { from, to, covered, gaps } = props;
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const place = (range: Range): { x: number; width: number } => {
    const low = Math.max(start, Date.parse(range.from));
    const high = Math.min(end, Date.parse(range.to));
    const whole = Math.max(1, end - start);
    return { x: (100 * (low - start)) / whole, width: Math.max(0, (100 * (high - low)) / whole) };
  };
  return (
    <div class="coverage">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={summary(covered, gaps)}>
        <rect class="track" width="100" height="6" />
        {covered.map((range) => (
          <rect key={range.from} class="fill" {...place(range)} height="6">
            <title>{told(range)}</title>
          </rect>
        ))}
        {gaps.map((range) => (
          <rect key={range.from} class="gap" {...place(range)} height="6">
            <title>{`missing: ${told(range)}`}</title>
          </rect>
        ))}
      </svg>
      <p class="quiet">{summary(covered, gaps)}</p>
      {gaps.length > 0 && (
        <details>
          <summary>{plural(gaps.length, 'gap')}</summary>
          <ul class="ranges">
            {gaps.map((range) => (
              <li key={range.from}>{told(range)} UTC</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function summary(covered: readonly Range[], gaps: readonly Range[]): string {
  const known =
    covered.length === 0 ? 'Nothing of this time is known' : plural(covered.length, 'known range');
  return gaps.length === 0 ? `${known}, no gaps.` : `${known}, ${plural(gaps.length, 'gap')}.`;
}
