import type { Difference, Report, Run } from './answers.ts';
import { count, duration } from '../../lib/format.ts';
import { differenceMeaning } from '../../lib/words.ts';
import { Time } from '../../ui/time.tsx';
import { type Totals, totalsOf, verdictOf } from './verdict.ts';

interface Props {
  run: Run;
  report: Report;
}

export function VerdictPanel({ run, report }: Props) {
  const verdict = verdictOf(report);
  return (
    <section class={`verdict ${verdict.tone}`} aria-labelledby="verdict">
      <div class="verdict-words">
        <h2 id="verdict">{verdict.headline}</h2>
        <p>{verdict.detail}</p>
      </div>
      <Stamp word={verdict.stamp} day={(run.finished_at ?? run.started_at).slice(0, 10)} />
      <Balance totals={totalsOf(report)} />
      <p class="provenance">
        <span class="path">{report.directory}</span>
        <span>
          {run.command === 'verify' ? 'verified' : 'migrated and verified'} in {duration(report.elapsed_ms)}
        </span>
        <span>
          <Time at={run.finished_at ?? run.started_at} /> UTC
        </span>
        <span>Stockroom {run.tool_version}</span>
      </p>
      <Differences report={report} />
    </section>
  );
}

/** The mark on the goods note; the words beside it say the same. */
function Stamp({ word, day }: { word: string; day: string }) {
  return (
    <svg class="stamp" viewBox="0 0 200 96" aria-hidden="true">
      <rect x="3" y="3" width="194" height="90" rx="10" />
      <rect x="9" y="9" width="182" height="78" rx="6" class="inner" />
      <text x="100" y="50" textLength={word.length > 8 ? 164 : undefined} lengthAdjust="spacingAndGlyphs">
        {word.toUpperCase()}
      </text>
      <text x="100" y="74" class="day">
        {day}
      </text>
    </svg>
  );
}

/** read = loaded + quarantined + skipped, as an equation and as a bar. */
function Balance({ totals }: { totals: Totals }) {
  const parts = [
    ['loaded', '=', totals.loaded],
    ['quarantined', '+', totals.quarantined],
    ['skipped', '+', totals.skipped],
  ] as const;
  return (
    <div class="balance">
      <dl>
        <div class="term read">
          <dt>read</dt>
          <dd>{count(totals.read)}</dd>
        </div>
        {parts.map(([name, sign, value]) => (
          <div key={name} class={`term ${name} ${value === 0 ? 'none' : ''}`}>
            <span class="sign" aria-hidden="true">
              {sign}
            </span>
            <dt>{name}</dt>
            <dd>{count(value)}</dd>
          </div>
        ))}
        <div class={`term altered aside ${totals.altered === 0 ? 'none' : ''}`}>
          <dt>loaded with their original kept</dt>
          <dd>{count(totals.altered)}</dd>
        </div>
      </dl>
      <Bar {...totals} />
    </div>
  );
}

/** The shares of what was read. Nothing at all is an empty shelf. */
export function Bar(props: Pick<Totals, 'loaded' | 'quarantined' | 'skipped'>) {
  const shares = [
    ['loaded', props.loaded],
    ['quarantined', props.quarantined],
    ['skipped', props.skipped],
  ] as const;
  return (
    <div class="bar" aria-hidden="true">
      {shares.map(
        ([name, value]) => value > 0 && <span key={name} class={name} style={{ flexGrow: String(value) }} />,
      )}
    </div>
  );
}

function Differences({ report }: { report: Report }) {
  const { differences = [], differences_total: total = 0 } = report;
  if (differences.length === 0) return null;
  return (
    <details class="differences" open>
      <summary>
        {total > differences.length
          ? `The first ${count(differences.length)} of ${count(total)}`
          : 'The rows that differ'}
      </summary>
      <ul>
        {differences.map((difference) => (
          <li key={keyOf(difference)}>
            <code>{difference.source}</code> {difference.unit !== undefined && <span>{difference.unit}</span>}{' '}
            key <code>{difference.key}</code>: {differenceMeaning(difference.kind)}
          </li>
        ))}
      </ul>
    </details>
  );
}

const keyOf = ({ source, unit, key }: Difference): string => JSON.stringify([source, unit, key]);
