import { decimal, percent } from '../../lib/format.ts';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { Levels } from './answers.ts';
import { distance, levelsIn } from './levels.ts';

type Row = ReturnType<typeof levelsIn>[number];

export function LevelsTable({ levels, price }: { levels: Levels; price: number | undefined }) {
  const columns: readonly Column<Row>[] = [
    { id: 'name', head: 'Level', cell: ({ name }) => name },
    { id: 'price', head: 'Price', figure: true, cell: ({ price: level }) => decimal(level) },
    {
      id: 'distance',
      head: 'From the last close',
      figure: true,
      cell: ({ price: level }) =>
        price === undefined ? '–' : percent(distance(level, price), 2, { sign: true }),
    },
  ];
  return (
    <div class="narrow-table">
      <Table label="Levels" columns={columns} rows={levelsIn(levels)} keyOf={({ name }) => name} />
      <p class="quiet">
        {levels.method}, computed at <Time at={levels.computed_at} /> UTC
        {levels.last_session !== null && `, up to the session of ${levels.last_session}`}
        {levels.stale && `. Of an earlier period, since new ones failed: ${levels.stale_reason ?? 'unknown'}`}
      </p>
    </div>
  );
}
