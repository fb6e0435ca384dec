import { count, duration } from '../../lib/format.ts';
import { apiPath } from '../../lib/url.ts';
import { useFilters } from '../../lib/use-place.ts';
import { usePages } from '../../lib/use-pages.ts';
import { choicesOf, Filters, Select, TextField } from '../../ui/filters.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { RunHead } from './answers.ts';

interface Props {
  universes: readonly string[];
  modes: readonly string[];
  chosen: string;
  open: (run: string) => void;
}

const PAGE = 25;
const any = { value: '', name: 'any' };
const figure = (value: number | null): string => (value === null ? '–' : count(value));

/** Every run, newest first. */
export function RunHistory({ universes, modes, chosen, open }: Props) {
  const [filters, set] = useFilters({ hu: '', hm: '', from: '', to: '' });
  const { hu, hm, from, to } = filters;
  const pages = usePages<RunHead>(
    apiPath('/v1/top-picks/runs', {
      universe: hu,
      mode: hm,
      from: from === '' ? undefined : `${from}T00:00:00Z`,
      to: to === '' ? undefined : `${to}T00:00:00Z`,
      limit: PAGE,
    }),
  );
  return (
    <Section
      id="history"
      title="Run history"
      tools={
        <Filters>
          <Select
            label="Universe"
            value={hu}
            choices={[any, ...choicesOf(universes)]}
            onChoose={(value) => set({ hu: value })}
          />
          <Select
            label="Mode"
            value={hm}
            choices={[any, ...choicesOf(modes)]}
            onChoose={(value) => set({ hm: value })}
          />
          <TextField
            label="From"
            type="date"
            value={from}
            onText={(value) => set({ from: value }, { replace: true })}
          />
          <TextField
            label="Before"
            type="date"
            value={to}
            onText={(value) => set({ to: value }, { replace: true })}
          />
        </Filters>
      }
    >
      {pages.items.length === 0 && !pages.loading && pages.error === undefined ? (
        <p class="quiet">No run matches these filters.</p>
      ) : (
        <Table
          label="Runs"
          columns={columnsWith(open)}
          rows={pages.items}
          keyOf={({ id }) => id}
          chosen={pages.items.find(({ run_id: id }) => id === chosen)?.id}
        />
      )}
      <More pages={pages} what="The run history" />
    </Section>
  );
}

const columnsWith = (open: (run: string) => void): readonly Column<RunHead>[] => [
  {
    id: 'at',
    head: 'Generated (UTC)',
    cell: ({ run_id: id, generated_at: at }) => (
      <button type="button" class="link" onClick={() => open(id)}>
        <Time at={at} />
      </button>
    ),
  },
  { id: 'universe', head: 'Universe', cell: ({ universe }) => universe },
  { id: 'mode', head: 'Mode', cell: ({ mode }) => mode },
  { id: 'trigger', head: 'Trigger', cell: ({ trigger }) => trigger ?? '–' },
  { id: 'analyzed', head: 'Analyzed', figure: true, cell: ({ total_analyzed: value }) => figure(value) },
  { id: 'passed', head: 'Passed', figure: true, cell: ({ filtered_count: value }) => figure(value) },
  { id: 'picked', head: 'Picked', figure: true, cell: ({ picks_count: value }) => figure(value) },
  {
    id: 'took',
    head: 'Took',
    figure: true,
    cell: ({ elapsed_sec: seconds }) => (seconds === null ? '–' : duration(seconds * 1_000)),
  },
];
