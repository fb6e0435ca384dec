import { useEffect, useState } from 'preact/hooks';
import { count, percent, roughly } from '../../lib/format.ts';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { Run } from './answers.ts';
import type { LiveSource } from './live.ts';

/** A run under way: what it is, for how long already, and how far each source is. */
export function Progress({ run, sources }: { run: Run; sources: readonly LiveSource[] }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Section id="under-way" title="Under way" note={roughly(now - Date.parse(run.started_at))}>
      <p class="under-way">
        <b>{run.command}</b> of <code>{run.directory}</code> was started at{' '}
        <Time at={run.started_at} seconds /> UTC and has not finished. If nothing moves below, it was stopped:
        start it again, and it goes on where it was.
      </p>
      {sources.length > 0 && (
        <Table label="Sources under way" columns={columns} rows={sources} keyOf={({ id }) => id} />
      )}
    </Section>
  );
}

const columns: readonly Column<LiveSource>[] = [
  { id: 'source', head: 'Source', cell: ({ id }) => <code>{id}</code> },
  { id: 'phase', head: 'Phase', cell: ({ phase }) => phase ?? 'waiting' },
  {
    id: 'progress',
    head: 'Progress',
    cell: ({ id, done, total }) =>
      done === null || total === null ? (
        '–'
      ) : (
        <progress
          max={Math.max(1, total)}
          value={done}
          aria-label={`${id}: ${percent((100 * done) / Math.max(1, total), 0)}`}
        />
      ),
  },
  {
    id: 'done',
    head: 'Done',
    figure: true,
    cell: ({ done, total }) =>
      done === null ? '–' : total === null ? count(done) : `${count(done)} of ${count(total)}`,
  },
  { id: 'loaded', head: 'Loaded', figure: true, cell: ({ loaded }) => count(loaded) },
  { id: 'quarantined', head: 'Quarantined', figure: true, cell: ({ quarantined }) => count(quarantined) },
];
