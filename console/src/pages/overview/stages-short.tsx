import { count, plural } from '../../lib/format.ts';
import { holder, type StoreStage, type Stages, stageText } from '../../lib/stages.ts';
import type { Answer } from '../../lib/use-answer.ts';
import { storeName } from '../../lib/words.ts';
import { Answered } from '../../ui/answered.tsx';
import { Section } from '../../ui/section.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import type { Migration } from '../migration/answers.ts';
import { totalsOf, verdictOf } from '../migration/verdict.ts';

interface Props {
  stages: Answer<Stages>;
  migration: Answer<Migration>;
}

/** The stage of each store, and the verdict on what was migrated. */
export function StagesShort({ stages, migration }: Props) {
  return (
    <Section id="stages" title="Stores" note={<a href="#/migration">the whole migration</a>}>
      <Answered answer={migration} what="The migration">
        {({ last }) =>
          last === null ? (
            <p class="quiet">
              Nothing was migrated yet. <a href="#/migration">How to begin</a>
            </p>
          ) : (
            <p>
              <b>{verdictOf(last.report).headline}</b>{' '}
              <span class="quiet">{plural(totalsOf(last.report).loaded, 'row')} loaded.</span>
            </p>
          )
        }
      </Answered>
      <Answered answer={stages} what="Stages" optional="GET /v1/stages">
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">No store has a stage yet.</p>
          ) : (
            <Table label="Stages" columns={columns} rows={items} keyOf={({ store }) => store} />
          )
        }
      </Answered>
    </Section>
  );
}

const columns: readonly Column<StoreStage>[] = [
  {
    id: 'store',
    head: 'Store',
    cell: ({ store }) => <a href={`#/migration?store=${encodeURIComponent(store)}`}>{storeName(store)}</a>,
  },
  { id: 'stage', head: 'Stage', cell: (item) => stageText(item) },
  { id: 'authority', head: 'Writes go to', cell: ({ authority }) => holder(authority) },
  {
    id: 'lag',
    head: 'Not here yet',
    figure: true,
    cell: ({ lag }) => (lag.old === null ? '–' : count(lag.old)),
    title: 'Changes of the old files that Stockroom does not have yet',
  },
  { id: 'mismatches', head: 'Mismatches', figure: true, cell: ({ mismatches }) => count(mismatches) },
];
