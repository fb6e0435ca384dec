import { decimal, percent, share } from '../../lib/format.ts';
import { type Column, Table } from '../../ui/table.tsx';
import type { Performance, Stat } from './answers.ts';
import { groupName } from './plots.ts';

type Group = Performance['groups'][number];

interface Props {
  groups: Performance['groups'];
  by: string;
}

export function GroupTable({ groups, by }: Props) {
  return (
    <Table
      label={`Performance by ${by}`}
      columns={columnsBy(by)}
      rows={groups}
      keyOf={({ key }) => key ?? ''}
      sorted={{ id: 'n', down: true }}
    />
  );
}

function stat(
  id: string,
  head: string,
  of: (group: Group) => Stat,
  text: (value: number | null) => string,
): Column<Group> {
  return {
    id,
    head,
    figure: true,
    cell: (group) => <span title={`n ${of(group).n}`}>{text(of(group).value)}</span>,
    by: (group) => of(group).value,
  };
}

const signed = (value: number | null): string => percent(value, 2, { sign: true });

const columnsBy = (by: string): readonly Column<Group>[] => [
  { id: 'key', head: by, cell: ({ key }) => groupName(key), by: ({ key }) => key },
  { id: 'n', head: 'n', figure: true, cell: ({ n }) => n, by: ({ n }) => n },
  stat(
    'hit',
    'Hit rate',
    ({ hit_rate: hit }) => hit,
    (value) => share(value),
  ),
  {
    id: 'interval',
    head: '95 % interval',
    figure: true,
    cell: ({ hit_rate: { interval_95: interval } }) =>
      interval === null ? '–' : `${share(interval.low, 0)} to ${share(interval.high, 0)}`,
  },
  stat('mean', 'Mean return', ({ average_return_pct: mean }) => mean, signed),
  stat('median', 'Median', ({ median_return_pct: median }) => median, signed),
  stat(
    'factor',
    'Profit factor',
    ({ profit_factor: factor }) => factor,
    (value) => decimal(value),
  ),
  stat(
    'drawdown',
    'Max drawdown',
    ({ max_drawdown_pct: drawdown }) => drawdown,
    (value) => percent(value),
  ),
  stat(
    'sharpe',
    'Sharpe',
    ({ sharpe }) => sharpe,
    (value) => decimal(value),
  ),
  stat('alpha', 'Alpha', ({ alpha_pct: alpha }) => alpha, signed),
  stat(
    'brier',
    'Brier',
    ({ calibration: { brier } }) => brier,
    (value) => decimal(value, 3),
  ),
  stat(
    'ic',
    'Rank IC',
    ({ rank_ic: ic }) => ic,
    (value) => decimal(value, 3),
  ),
];
