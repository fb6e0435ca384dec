import { useMemo } from 'preact/hooks';
import type LineChartType from '../../charts/line-chart.tsx';
import { share, utc } from '../../lib/format.ts';
import { lazy } from '../../lib/lazy.tsx';
import { rateOf, ratesOf, type Sample } from '../../lib/samples.ts';
import { sourceNames } from '../../lib/use-samples.ts';
import { Empty } from '../../ui/empty.tsx';
import { Section } from '../../ui/section.tsx';

const LineChart = lazy<Parameters<typeof LineChartType>[0]>(
  () => import('../../charts/line-chart.tsx'),
  'The chart',
);

const colors = ['accent', 'second', 'warn', 'quiet'] as const;
const clock = (seconds: number): string => utc(seconds * 1_000, { seconds: true }).slice(11);

/** Hit rates while this tab looked on, each of the minute before. */
export function HitRates({ samples }: { samples: readonly Sample[] }) {
  const times = useMemo(() => samples.map(({ at }) => Math.floor(at / 1_000)), [samples]);
  const lines = useMemo(
    () =>
      sourceNames
        .filter((name) => samples.some(({ counts }) => counts[name] !== undefined))
        .map((name) => ({
          name,
          values: ratesOf(samples, name),
          text: (value: number | null) => share(value, 0),
          color: colors[sourceNames.indexOf(name)]!,
        })),
    [samples],
  );
  const read = lines.some(({ values }) => values.some((value) => value !== null));
  return (
    <Section
      id="hit-rates"
      title="Hit rates over time"
      note="of the minute before, since this tab was opened"
    >
      {read ? (
        <LineChart
          label="Hit rates over time"
          times={times}
          timeText={clock}
          timeAxis={clock}
          lines={lines}
          axis={(value) => share(value, 0)}
          range={[0, 1.02]}
        />
      ) : (
        <Empty
          title={samples.length < 2 ? 'Taking the first samples.' : 'Nothing was read in the last minutes.'}
        >
          <p>A line begins as soon as something is read while this page or the overview is open.</p>
        </Empty>
      )}
      <SinceStart samples={samples} />
    </Section>
  );
}

function SinceStart({ samples }: { samples: readonly Sample[] }) {
  const last = samples.at(-1);
  if (last === undefined) return null;
  return (
    <dl class="legend">
      {sourceNames.map((name, index) => {
        const counts = last.counts[name];
        return (
          <div key={name} class={`series-${index}`}>
            <dt>{name}</dt>
            <dd>{sinceStart(counts)}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function sinceStart(counts: Sample['counts'][string] | undefined): string {
  if (counts === undefined) return 'does not say';
  const rate = rateOf(counts);
  return rate === null ? 'nothing read yet' : `${share(rate)} since it was started`;
}
