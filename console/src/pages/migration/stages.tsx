import { count, plural } from '../../lib/format.ts';
import { holder, type StoreStage, type Stages as StagesAnswer, stageText } from '../../lib/stages.ts';
import { useAnswer } from '../../lib/use-answer.ts';
import { useFilters } from '../../lib/use-place.ts';
import { storeName } from '../../lib/words.ts';
import { Answered } from '../../ui/answered.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { StageDetail } from './stage-detail.tsx';

const ASK_EVERY_MS = 5_000;

/** Where each store stands between the old application and Stockroom, and the way on. */
export function Stages() {
  const stages = useAnswer<StagesAnswer>('/v1/stages', ASK_EVERY_MS);
  const [{ store }, set] = useFilters({ store: '' });
  const items = stages.value?.items ?? [];
  const chosen = items.find((item) => item.store === store);
  return (
    <Section id="stages" title="Stages" note={items.length === 0 ? undefined : plural(items.length, 'store')}>
      <Answered answer={stages} what="Stages" optional="GET /v1/stages">
        {({ items: all }) =>
          all.length === 0 ? (
            <Empty title="No store has a stage yet.">
              <p>
                Stages begin with captured changes: <code>stockroom capture install DIR</code>.
              </p>
            </Empty>
          ) : (
            <>
              <Table
                label="Stages of the stores"
                columns={columnsWith(store, (next) => set({ store: next }))}
                rows={all}
                keyOf={(item) => item.store}
                chosen={store}
              />
              {chosen !== undefined && <StageDetail key={chosen.store} item={chosen} again={stages.again} />}
            </>
          )
        }
      </Answered>
    </Section>
  );
}

function columnsWith(chosen: string, choose: (store: string) => void): readonly Column<StoreStage>[] {
  return [
    {
      id: 'store',
      head: 'Store',
      cell: ({ store }) => (
        <button
          type="button"
          class="link"
          aria-expanded={store === chosen}
          onClick={() => choose(store === chosen ? '' : store)}
        >
          {storeName(store)}
        </button>
      ),
    },
    { id: 'stage', head: 'Stage', cell: (item) => <b>{stageText(item)}</b> },
    { id: 'state', head: 'State', cell: ({ state }) => state ?? '–' },
    { id: 'authority', head: 'Writes go to', cell: ({ authority }) => holder(authority) },
    {
      id: 'lag-old',
      head: 'Not here yet',
      figure: true,
      cell: ({ lag }) => figure(lag.old),
      title: 'Changes of the old files that Stockroom does not have yet; none when they cannot be asked',
    },
    {
      id: 'lag-new',
      head: 'Owed to the old side',
      figure: true,
      cell: ({ lag }) => figure(lag.new),
      title: 'Rows of Stockroom that the old files do not have yet',
    },
    { id: 'mismatches', head: 'Mismatches', figure: true, cell: ({ mismatches }) => figure(mismatches) },
    {
      id: 'next',
      head: 'Next',
      cell: ({ next }) =>
        next.length === 0
          ? 'the last stage'
          : next
              .map(({ stage, gates }) => {
                const open = gates.filter(({ passed }) => !passed).length;
                return open === 0 ? `${stage}: ready` : `${stage}: ${plural(open, 'gate')} open`;
              })
              .join('; '),
    },
  ];
}

const figure = (value: number | null): string => (value === null ? '–' : count(value));
