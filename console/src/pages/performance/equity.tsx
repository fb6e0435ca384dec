import { useMemo } from 'preact/hooks';
import { decimal, percent } from '../../lib/format.ts';
import { lazy } from '../../lib/lazy.tsx';
import type LineChartType from '../../charts/line-chart.tsx';
import type { Performance } from './answers.ts';

const LineChart = lazy<Parameters<typeof LineChartType>[0]>(
  () => import('../../charts/line-chart.tsx'),
  'The chart',
);

const dayOf = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 10);

/** One unit of money that went into all recommendations of a day alike, day after day. */
export function Equity({ curve }: { curve: Performance['equity_curve'] }) {
  const times = useMemo(() => curve.map(({ day }) => Date.parse(`${day}T00:00:00Z`) / 1_000), [curve]);
  const lines = useMemo(
    () => [
      {
        name: 'Equity',
        values: curve.map(({ equity }) => equity),
        text: (value: number | null) =>
          `${decimal(value, 4)} (${percent((value ?? 1) * 100 - 100, 2, { sign: true })})`,
        area: true,
      },
    ],
    [curve],
  );
  return (
    <LineChart
      label="Equity curve"
      times={times}
      timeText={dayOf}
      timeAxis={(seconds) => dayOf(seconds).slice(5)}
      lines={lines}
      axis={(value) => decimal(value, 3)}
    />
  );
}
