import { useState } from 'preact/hooks';
import { ask } from '../../lib/api.ts';
import { apiPath } from '../../lib/url.ts';
import { useFilters } from '../../lib/use-place.ts';
import { usePages } from '../../lib/use-pages.ts';
import { Absent } from '../../ui/absent.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Empty } from '../../ui/empty.tsx';
import { Filters, TextField } from '../../ui/filters.tsx';
import { More } from '../../ui/more.tsx';
import { Section } from '../../ui/section.tsx';
import { Families } from './families.tsx';
import type { KeyItem } from './answers.ts';
import { familiesOf } from './key-families.ts';
import { KeyDetail } from './key-detail.tsx';
import { KeysTable } from './keys-table.tsx';

/** What is in the hot tier, by prefix, with type, life and size of each key. */
export function Keys() {
  const [{ prefix, key }, set] = useFilters({ prefix: '', key: '' });
  const [removing, setRemoving] = useState<string>();
  const pages = usePages<KeyItem>(apiPath('/v1/hot/keys', { prefix }));
  const families = familiesOf(pages.items.map((item) => item.key));
  const absent = pages.error?.status === 404;
  const open = (next: string): void => set({ key: next === key ? '' : next });
  return (
    <Section
      id="keys"
      title="Keys"
      tools={
        <Filters>
          <TextField
            label="Prefix"
            value={prefix}
            options={families.map(({ prefix: name }) => name)}
            placeholder="all"
            onText={(value) => set({ prefix: value, key: '' }, { replace: true })}
          />
        </Filters>
      }
    >
      {absent ? (
        <Absent what="Keys" route="GET /v1/hot/keys" />
      ) : (
        <>
          {pages.items.length === 0 &&
          !pages.loading &&
          pages.error === undefined &&
          pages.more === undefined ? (
            <Empty title={prefix === '' ? 'The hot tier is empty.' : `No key begins with ${prefix}.`}>
              <p>
                Keys come as they are read; “stockroom hot rebuild” makes those that follow from PostgreSQL.
              </p>
            </Empty>
          ) : (
            pages.items.length > 0 && (
              <>
                <Families
                  families={families}
                  chosen={prefix}
                  choose={(next) => set({ prefix: next === prefix ? '' : next, key: '' })}
                />
                <KeysTable keys={pages.items} chosen={key} open={open} />
              </>
            )
          )}
          <More pages={pages} what="The keys" />
          {key !== '' && <KeyDetail key={key} name={key} remove={() => setRemoving(key)} />}
        </>
      )}
      {removing !== undefined && (
        <Confirm
          title={`Remove ${removing}?`}
          verb="Remove it"
          danger
          act={async () => {
            await ask(`/v1/hot/keys/${encodeURIComponent(removing)}`, { method: 'DELETE' });
            set({ key: '' });
            pages.again();
          }}
          onClose={() => setRemoving(undefined)}
        >
          <p>As an eviction would: what follows from PostgreSQL is made again by the next read.</p>
        </Confirm>
      )}
    </Section>
  );
}
