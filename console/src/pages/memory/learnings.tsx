import { count, share, spaced } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { usePages } from '../../lib/use-pages.ts';
import { Empty } from '../../ui/empty.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { Learning } from './answers.ts';

export function Learnings() {
  const pages = usePages<Learning>(apiPath('/v1/context/learnings', { limit: 25 }));
  return (
    <Section id="learnings" title="What was learnt">
      {pages.items.length === 0 && !pages.loading && pages.error === undefined ? (
        <Empty title="Nothing was learnt yet.">
          <p>
            Count outcomes of a pattern in with <code>POST /v1/context/learnings</code>.
          </p>
        </Empty>
      ) : (
        <>
          <Table label="Learnings" columns={columns} rows={pages.items} keyOf={({ id }) => id} />
          <More pages={pages} what="The learnings" />
        </>
      )}
    </Section>
  );
}

const columns: readonly Column<Learning>[] = [
  {
    id: 'agent',
    head: 'Agent',
    cell: ({ agent_type: agent }) => spaced(agent),
    by: ({ agent_type: agent }) => agent,
  },
  { id: 'pattern', head: 'Pattern', cell: ({ pattern }) => <code>{pattern}</code> },
  {
    id: 'accuracy',
    head: 'Accuracy',
    figure: true,
    cell: ({ accuracy }) => share(accuracy),
    by: ({ accuracy }) => accuracy,
  },
  {
    id: 'samples',
    head: 'Samples',
    figure: true,
    cell: ({ sample_size: size }) => count(size),
    by: ({ sample_size: size }) => size,
  },
  {
    id: 'updated',
    head: 'Updated (UTC)',
    cell: ({ last_updated: at }) => <Time at={at} />,
    by: ({ last_updated: at }) => at,
  },
];
