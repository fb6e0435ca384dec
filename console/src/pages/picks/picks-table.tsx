import { decimal } from '../../lib/format.ts';
import { type Column, Table } from '../../ui/table.tsx';
import type { Pick } from './answers.ts';

export function PicksTable({ label, picks }: { label: string; picks: readonly Pick[] }) {
  return (
    <Table
      label={label}
      columns={columns}
      rows={picks}
      keyOf={({ rank, symbol }) => `${rank ?? ''} ${symbol}`}
    />
  );
}

const columns: readonly Column<Pick>[] = [
  {
    id: 'symbol',
    head: 'Symbol',
    cell: ({ symbol }) => <a href={`#/prices?symbol=${encodeURIComponent(symbol)}`}>{symbol}</a>,
    by: ({ symbol }) => symbol,
  },
  { id: 'rank', head: 'Rank', figure: true, cell: ({ rank }) => decimal(rank, 0), by: ({ rank }) => rank },
  { id: 'recommendation', head: 'Says', cell: ({ recommendation }) => recommendation ?? '–' },
  { id: 'confidence', head: 'Confidence', cell: ({ confidence }) => confidence ?? '–' },
  {
    id: 'score',
    head: 'Score',
    figure: true,
    cell: ({ score }) => decimal(score, 1),
    by: ({ score }) => score,
  },
  { id: 'price', head: 'Entry', figure: true, cell: ({ price }) => decimal(price), by: ({ price }) => price },
  { id: 'target', head: 'Target', figure: true, cell: ({ target }) => decimal(target) },
  { id: 'stop', head: 'Stop', figure: true, cell: ({ stop }) => decimal(stop) },
  { id: 'reward', head: 'Reward/risk', figure: true, cell: ({ reward }) => decimal(reward, 1) },
  {
    id: 'reasoning',
    head: 'Why',
    cell: ({ reasoning, signals }) => (
      <span class="why">
        {reasoning ?? '–'}
        {signals.length > 0 && <small>{signals.join('; ')}</small>}
      </span>
    ),
  },
];
