import { apiPath } from '../../lib/url.ts';
import { count, plural } from '../../lib/format.ts';
import { useFilters } from '../../lib/use-place.ts';
import { usePages } from '../../lib/use-pages.ts';
import { quarantineReason } from '../../lib/words.ts';
import { Select } from '../../ui/filters.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import type { QuarantinedRow, SourceReport } from './answers.ts';
import { Original } from './original.tsx';

const PAGE = 25;

/** Every row that was set aside, with the reason and as it was found, a page at a time. */
export function Quarantine({ sources }: { sources: SourceReport[] }) {
  const [{ source }, set] = useFilters({ source: '' });
  const concerned = sources.filter(({ quarantined }) => quarantined > 0);
  const total = concerned.reduce((sum, { quarantined }) => sum + quarantined, 0);
  const pages = usePages<QuarantinedRow>(apiPath('/v1/migration/quarantine', { limit: PAGE, source }));
  const choices = [
    { value: '', name: 'all' },
    ...concerned.map(({ id, quarantined }) => ({ value: id, name: `${id} (${count(quarantined)})` })),
  ];
  return (
    <Section
      id="quarantine"
      title="Quarantine"
      note={plural(total, 'row')}
      tools={
        <Select
          label="Source"
          value={source}
          choices={choices}
          onChoose={(value) => set({ source: value })}
        />
      }
    >
      {pages.items.length === 0 && !pages.loading && pages.error === undefined ? (
        <p class="quiet">Nothing is set aside{source === '' ? '.' : ` of ${source}.`}</p>
      ) : (
        <>
          <ol class="held">
            {pages.items.map((row) => (
              <HeldRow key={String(row.id)} row={row} />
            ))}
          </ol>
          <More pages={pages} what="The quarantine" />
        </>
      )}
    </Section>
  );
}

function HeldRow({ row }: { row: QuarantinedRow }) {
  return (
    <li>
      <div class="held-words">
        <h3>{quarantineReason(row.reason)}</h3>
        <p>{row.detail}</p>
        <dl class="tags">
          <dt>Source</dt>
          <dd>
            <code>{row.column === null ? row.source : `${row.source}.${row.column}`}</code>
          </dd>
          <dt>File</dt>
          <dd>
            <code>{row.file}</code>
          </dd>
          <dt>Key</dt>
          <dd>
            <code>{row.key}</code>
          </dd>
          <dt>Since</dt>
          <dd>
            <Time at={row.quarantined_at} /> UTC
          </dd>
          <dt>Reason</dt>
          <dd>
            <code>{row.reason}</code>
          </dd>
        </dl>
      </div>
      <Original row={row} />
    </li>
  );
}
