import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { pause, resume } from '../../../test/support/signals.ts';
import { keyPart, partOf } from '../hot/index.ts';
import type { Session } from '../durable/index.ts';
import { rebuildView, verifyView } from './audit.ts';
import { distrustEveryKey } from './every-key.ts';
import { createViews, type BoundView, type Views } from './views.ts';
import type { View } from './view.ts';

/** Notes of a kind, newest first, and how many there are: a store small enough to see through. */
function countView(): View<string> {
  return {
    store: 'notes',
    pattern: 'notes:count:{subject}',
    lifeMs: 3_600_000,
    key: (subject) => `notes:count:${keyPart(subject)}`,
    idOf: (key) => partOf(key.slice('notes:count:'.length)),
    async build(source, subject) {
      const { rows } = await source.query<{ count: bigint }>(
        'select count(*) as count from audit_log where subject = $1',
        [subject],
      );
      const count = rows[0]!.count;
      return count === 0n ? undefined : { content: { kind: 'hash', fields: { count: String(count) } } };
    },
    async recent(source) {
      const { rows } = await source.query<{ subject: string }>('select distinct subject from audit_log');
      return rows.map(({ subject }) => subject);
    },
  };
}

function listView(): View<string> {
  return {
    ...countView(),
    pattern: 'notes:list:{subject}',
    key: (subject) => `notes:list:${keyPart(subject)}`,
    idOf: (key) => partOf(key.slice('notes:list:'.length)),
    async build(source, subject) {
      const { rows } = await source.query<{ id: bigint }>('select id from audit_log where subject = $1', [
        subject,
      ]);
      const members = rows.map(({ id }) => ({ id: String(id), score: Number(id) }));
      return { content: { kind: 'ranking', members } };
    },
  };
}

async function insert(session: Session, subject: string): Promise<number> {
  const { rows } = await session.query<{ id: bigint }>(
    "insert into audit_log (actor, action, subject) values ('test', 'note', $1) returning id",
    [subject],
  );
  return Number(rows[0]!.id);
}

/** One write as a store makes it. `left`: the process dies between its commit and Redis. */
async function write(
  stores: Pick<TestStores, 'durable'>,
  views: Views,
  subject: string,
  left = false,
): Promise<void> {
  const [count, list] = views.all as BoundView<string>[];
  const changes = views.changes();
  await stores.durable.transaction(async (session) => {
    const id = await insert(session, subject);
    changes.refresh(count!, subject);
    changes.rank(list!, subject, [{ id: String(id), score: id }]);
    changes.note(session);
  });
  if (!left) await changes.apply();
}

describe.each(storeKinds)('views on the %s tiers', (kind) => {
  let stores: TestStores;
  let count: BoundView<string>;
  let list: BoundView<string>;

  afterEach(() => stores.remove());

  async function start(settings: Parameters<typeof freshStores>[1] = {}): Promise<void> {
    stores = await freshStores(kind, settings);
    count = stores.views.add(countView());
    list = stores.views.add(listView());
  }

  async function countOf(subject: string): Promise<string | undefined> {
    const content = await count.read(subject);
    return content?.kind === 'hash' ? content.fields['count'] : undefined;
  }

  async function sizeOf(subject: string): Promise<number | undefined> {
    const content = await list.read(subject);
    return content?.kind === 'ranking' ? content.members.length : undefined;
  }

  it('are there after every write, whatever was evicted', async () => {
    await start();
    expect(await countOf('a:b')).toBeUndefined();
    for (let n = 1; n <= 6; n += 1) {
      await write(stores, stores.views, 'a:b');
      expect(await stores.hot.projections.read(count.fullKey('a:b'))).toMatchObject({
        fields: { count: String(n) },
      });
      expect(await stores.hot.projections.read(list.fullKey('a:b'))).toMatchObject({
        members: { length: n },
      });
      if (n % 3 === 1) await stores.flush();
      if (n % 3 === 2) await stores.hot.projections.drop(list.fullKey('a:b'));
      expect(await countOf('a:b')).toBe(String(n));
      expect(await sizeOf('a:b')).toBe(n);
    }
  });

  it('end right when many write at once, in two processes', async () => {
    await start();
    const others = createViews({ hot: stores.hot, durable: stores.durable });
    others.add(countView());
    others.add(listView());
    const writes = Array.from({ length: 60 }, (_, n) =>
      write(stores, n % 2 === 0 ? stores.views : others, 'many'),
    );
    const reads = Array.from({ length: 60 }, () => countOf('many'));
    await Promise.all([...writes, ...reads]);
    await others.close();
    await vi.waitFor(async () => {
      expect(await countOf('many')).toBe('60');
      expect(await sizeOf('many')).toBe(60);
    });
    for (const bound of stores.views.all) {
      expect(await verifyView(stores.hot, stores.durable, bound)).toMatchObject({ keys: 1, differences: [] });
    }
  });

  it('are verified, and rebuilt', async () => {
    await start();
    for (const subject of ['one', 'two', '{three}*']) await write(stores, stores.views, subject);
    await stores.flush();
    expect(await verifyView(stores.hot, stores.durable, count)).toMatchObject({
      keys: 0,
    });
    expect(await rebuildView(stores.hot, stores.durable, count)).toBe(3);
    await stores.hot.projections.apply(count.fullKey('{three}*'), { set: { count: '7' } });
    const { keys, differences } = await verifyView(stores.hot, stores.durable, count);
    expect(keys).toBe(3);
    expect(differences).toMatchObject([
      {
        key: count.fullKey('{three}*'),
        expected: { fields: { count: '1' } },
        found: { fields: { count: '7' } },
      },
    ]);
  });
});

describe('views on Redis', () => {
  let stores: TestStores;
  let count: BoundView<string>;

  afterEach(() => stores.remove());

  async function start(settings: Parameters<typeof freshStores>[1] = {}): Promise<void> {
    stores = await freshStores('server', settings);
    count = stores.views.add(countView());
    stores.views.add(listView());
  }

  it('drop what a process that died had left wrong', async () => {
    await start({ intentMs: 200, sweepMs: 50 });
    await write(stores, stores.views, 'left');
    await write(stores, stores.views, 'left', true);
    expect(await count.read('left')).toMatchObject({ fields: { count: '1' } });
    await vi.waitFor(
      async () => expect(await count.read('left')).toMatchObject({ fields: { count: '2' } }),
      5_000,
    );
    await vi.waitFor(async () => {
      const { rows } = await stores.durable.query('select from view_intents');
      expect(rows).toEqual([]);
    }, 5_000);
  });

  it('answer from PostgreSQL while Redis is away, and are right when it is back with old data', async () => {
    await start({ intentMs: 200, sweepMs: 50 });
    await write(stores, stores.views, 'away');
    pause(stores.redis!);
    await write(stores, stores.views, 'away');
    expect(await count.read('away')).toMatchObject({ fields: { count: '2' } });
    resume(stores.redis!);
    await vi.waitFor(() => expect(stores.hot.state().state).toBe('up'), { timeout: 10_000 });
    await vi.waitFor(async () => {
      const found = await stores.hot.projections.read(count.fullKey('away'));
      expect([undefined, { kind: 'hash', fields: { count: '2' } }]).toContainEqual(found);
    }, 10_000);
    expect(await count.read('away')).toMatchObject({ fields: { count: '2' } });
  });

  it('are dropped as a whole after rows were written past the stores', async () => {
    await start({ sweepMs: 50 });
    for (const subject of ['one', 'two']) await write(stores, stores.views, subject);
    await stores.durable.transaction(async (session) => {
      for (const subject of ['one', 'two']) await insert(session, subject);
      await distrustEveryKey(session);
    });
    await vi.waitFor(async () => {
      for (const subject of ['one', 'two']) {
        expect(await count.read(subject)).toMatchObject({ fields: { count: '2' } });
      }
    }, 10_000);
  });

  it('do not believe what Redis has from an earlier life of its own', async () => {
    await start();
    await write(stores, stores.views, 'old');
    const key = count.fullKey('old');
    const [content, note] = [await stores.ask<string>('HGET', key, 'count'), `stockroom:note:{${key}}`];
    expect(content).toBe('1');
    // As a snapshot of another incarnation of the server has it.
    const believed = await stores.ask<string>('GET', note);
    await stores.ask('SET', note, `00000000${believed.slice(8)}`);
    await stores.ask('HSET', key, 'count', '0');
    expect(await count.read('old')).toMatchObject({ fields: { count: '1' } });
    expect(await stores.ask('HGET', key, 'count')).toBe('1');
  });
});
