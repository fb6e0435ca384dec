import { decimal, percent, share } from '../../lib/format.ts';
import { Tiles, type TileProps, type Tone } from '../../ui/tiles.tsx';
import type { Stat, Summary } from './answers.ts';

const n = ({ n: count }: Stat, unit = ''): string => `n ${count}${unit}`;
const tone = (value: number | null): Tone =>
  value === null || value === 0 ? 'plain' : value > 0 ? 'good' : 'bad';

/** Key figures, each with how many it was made of. */
export function Figures({ of }: { of: Summary }) {
  const interval = of.hit_rate.interval_95;
  const items: TileProps[] = [
    {
      name: 'Hit rate',
      value: share(of.hit_rate.value),
      note: `${interval === null ? '' : `${share(interval.low, 0)} to ${share(interval.high, 0)}, `}${n(of.hit_rate)}`,
      title: 'With its 95 % interval',
    },
    {
      name: 'Mean return',
      value: percent(of.average_return_pct.value, 2, { sign: true }),
      note: `median ${percent(of.median_return_pct.value, 2, { sign: true })}`,
      tone: tone(of.average_return_pct.value),
    },
    {
      name: 'Profit factor',
      value: decimal(of.profit_factor.value),
      note: `payoff ${decimal(of.payoff.value)}`,
    },
    {
      name: 'Max drawdown',
      value: percent(of.max_drawdown_pct.value),
      note: n(of.max_drawdown_pct, ' days'),
    },
    { name: 'Sharpe', value: decimal(of.sharpe.value), note: `Sortino ${decimal(of.sortino.value)}` },
    {
      name: 'Alpha',
      value: percent(of.alpha_pct.value, 2, { sign: true }),
      note: n(of.alpha_pct),
      tone: tone(of.alpha_pct.value),
    },
    {
      name: 'Run-up',
      value: percent(of.mfe_pct.value),
      note: n(of.mfe_pct),
      title: 'Best gain on the way (MFE)',
    },
    {
      name: 'Run-down',
      value: percent(of.mae_pct.value),
      note: n(of.mae_pct),
      title: 'Worst loss on the way (MAE)',
    },
    { name: 'Brier score', value: decimal(of.calibration.brier.value, 3), note: '0 is perfect, 0.25 a coin' },
    {
      name: 'Rank IC',
      value: decimal(of.rank_ic.value, 3),
      note: `t ${decimal(of.rank_ic.t)}, ${n(of.rank_ic, ' days')}`,
    },
  ];
  return <Tiles label="Key figures" items={items} />;
}
