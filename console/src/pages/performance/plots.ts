import type { CalibrationPoint } from '../../charts/calibration.tsx';
import type { IntervalRow } from '../../charts/intervals.tsx';
import { spaced } from '../../lib/format.ts';
import type { Performance, Summary } from './answers.ts';

export const groupName = (key: string | null): string => (key === null ? 'not said' : spaced(key));

/** Groups for their intervals, the largest first. */
export function intervalRows(groups: Performance['groups']): IntervalRow[] {
  return [...groups]
    .sort((left, right) => right.n - left.n)
    .map(({ key, hit_rate: hit }) => ({
      name: groupName(key),
      n: hit.n,
      value: hit.value,
      low: hit.interval_95?.low ?? null,
      high: hit.interval_95?.high ?? null,
    }));
}

/** Forecasts beside what came true; what has no forecast has no place in the plot. */
export function points({ calibration }: Summary): CalibrationPoint[] {
  return calibration.reliability.flatMap(
    ({ confidence, n, forecast, hit_rate: observed, interval_95: interval }) =>
      forecast.value === null || observed === null
        ? []
        : [
            {
              name: confidence ?? 'not said',
              n,
              forecast: forecast.value,
              observed,
              low: interval?.low ?? observed,
              high: interval?.high ?? observed,
            },
          ],
  );
}
