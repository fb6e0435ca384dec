import { decimal, percent, spaced } from '../../lib/format.ts';
import { State } from '../../ui/state.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Ago } from '../../ui/time.tsx';
import type { Score } from './answers.ts';
import { ScoreBar } from './score-bar.tsx';

export function Ranking({ scores }: { scores: readonly Score[] }) {
  return <Table label="Ranking" columns={columns} rows={scores} keyOf={({ symbol }) => symbol} />;
}

const columns: readonly Column<Score>[] = [
  {
    id: 'symbol',
    head: 'Symbol',
    cell: ({ symbol }) => <a href={`#/prices?symbol=${encodeURIComponent(symbol)}`}>{symbol}</a>,
    by: ({ symbol }) => symbol,
  },
  { id: 'rank', head: 'Rank', figure: true, cell: ({ rank }) => rank, by: ({ rank }) => rank },
  {
    id: 'global',
    head: 'Of all',
    figure: true,
    cell: ({ global_rank: rank }) => rank,
    by: ({ global_rank: rank }) => rank,
    title: 'Rank among all live scores',
  },
  {
    id: 'score',
    head: 'Score',
    figure: true,
    cell: ({ blend_score: score }) => <ScoreBar score={score} />,
    by: ({ blend_score: score }) => score,
  },
  {
    id: 'says',
    head: 'Says',
    cell: ({ recommendation }) => recommendation ?? '–',
    by: ({ recommendation }) => recommendation,
  },
  { id: 'confidence', head: 'Confidence', cell: ({ confidence }) => confidence ?? '–' },
  {
    id: 'actionable',
    head: 'Actionable',
    cell: ({ is_actionable: actionable }) =>
      actionable === true ? <State tone="good">yes</State> : <span class="quiet">no</span>,
  },
  {
    id: 'reward',
    head: 'Reward/risk',
    figure: true,
    cell: ({ risk_reward_ratio: ratio }) => decimal(ratio, 1),
    by: ({ risk_reward_ratio: ratio }) => ratio,
  },
  { id: 'agents', head: 'Agents', cell: (score) => <Agents score={score} /> },
  { id: 'expires', head: 'Ends', cell: ({ expires_at: at }) => <Ago at={at} /> },
];

function Agents({ score: { agents, reasoning } }: { score: Score }) {
  if (agents.length === 0) return <span class="none">–</span>;
  return (
    <details class="agents">
      <summary>{agents.length}</summary>
      <ul>
        {agents.map(({ agent, score, weight }) => (
          <li key={agent}>
            <span>{spaced(agent)}</span> <ScoreBar score={score} />{' '}
            <small>{weight === null ? '' : percent(weight * 100, 0)}</small>
          </li>
        ))}
      </ul>
      {reasoning !== null && <p>{reasoning}</p>}
    </details>
  );
}
