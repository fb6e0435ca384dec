import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { type Context, createContext } from './store.ts';

describe.each(storeKinds)('the keys of a type: %s', (kind) => {
  let stores: TestStores;
  let context: Context;
  beforeAll(async () => {
    stores = await freshStores(kind);
    context = createContext(stores);
  });
  afterAll(async () => {
    await context.close();
    await stores.remove();
  });

  it('come page by page, past any number of keys that are over', async () => {
    await stores.durable.query(
      `insert into context_memory (context_type, key, value, created_at, expires_at)
       select 'news', 'key-' || lpad(n::text, 4, '0'), '1'::jsonb, now() - interval '1 hour',
         case when n % 100 = 0 then now() + interval '1 hour' else now() - interval '1 second' end
       from generate_series(1, 700) as n`,
    );
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await context.memory.keys('news', { limit: 3, cursor });
      pages.push(page.items.map(({ key }) => key));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(pages).toEqual([
      ['key-0100', 'key-0200', 'key-0300'],
      ['key-0400', 'key-0500', 'key-0600'],
      ['key-0700'],
    ]);
  });
});
