import { expect, it } from 'vitest';
import type { Feed, HotTier } from '../../../src/tiers/hot/port.ts';
import {
  caughtUp,
  entryKey,
  eventually,
  later,
  listen,
  type Listening,
  LONG_MS,
  soon,
  type Subject,
  twoHandles,
} from './subject.ts';

type Change = (tier: HotTier, key: string, by?: Feed) => Promise<unknown>;

/** Every change of an entry for which a feed can be named. What stood there before is an entry. */
const changes: readonly [string, Change][] = [
  ['write', (tier, key, by) => tier.entries.write(key, 'after', later(), by)],
  [
    'writeMany',
    (tier, key, by) => tier.entries.writeMany([{ key, body: 'after', expiresAtMs: later() }], by),
  ],
  ['drop', (tier, key, by) => tier.entries.drop([entryKey(tier), key], by)],
  [
    'fill',
    async (tier, key, by) => {
      const expected = (await tier.entries.read(key))?.version ?? '';
      expect(await tier.entries.fill(key, expected, 'after', later(), by)).toBe(true);
    },
  ],
];

/** Who holds copies is told when they are no longer true. */
export function coherenceSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  /** Listens, and stops when the work is done. */
  async function listening<T>(
    tiers: readonly HotTier[],
    work: (listenings: readonly Listening[]) => Promise<T>,
  ): Promise<T> {
    const listenings = await Promise.all(tiers.map(listen));
    try {
      return await work(listenings);
    } finally {
      for (const { feed } of listenings) feed.close();
    }
  }

  it('trusts copies no longer than it says', async () => {
    const { here } = handles();
    const { coherence } = here;
    expect(['tracking', 'messages', 'in-process']).toContain(coherence.mode);
    expect(coherence.heartbeatMs).toBeGreaterThan(0);
    await caughtUp(here);
    expect(coherence.trustedUntil).toBeGreaterThan(0);
    if (coherence.mode === 'in-process') return;
    for (let round = 0; round < 20; round += 1) {
      await here.ping();
      expect(coherence.trustedUntil).toBeLessThanOrEqual(performance.now() + coherence.heartbeatMs);
    }
  });

  it.each(changes)('tells every feed but the one that did it: %s', async (name, change) => {
    const { here, there } = handles();
    const key = entryKey(here);
    await here.entries.write(key, 'before', later());
    await listening([here, here, there], async ([mine, beside, elsewhere]) => {
      await change(here, key, mine!.feed);
      await caughtUp(here);
      await caughtUp(there);
      expect(beside!.keys).toContain(key);
      expect(elsewhere!.keys).toContain(key);
      // A drop may have left nothing to change.
      await here.entries.write(key, 'again', later(), mine!.feed);
      await caughtUp(here);
      if (name !== 'fill') expect(mine!.keys).not.toContain(key);
      await change(there, key);
      await caughtUp(here);
      expect(mine!.keys).toContain(key);
    });
  });

  it.each(changes)('tells every feed when none is named: %s', async (_, change) => {
    const { here, there } = handles();
    const key = entryKey(here);
    await here.entries.write(key, 'before', later());
    await listening([here, there], async ([mine, elsewhere]) => {
      await change(here, key);
      await caughtUp(here);
      await caughtUp(there);
      expect(mine!.keys).toContain(key);
      expect(elsewhere!.keys).toContain(key);
    });
  });

  it('tells a feed what its own tier does for another, and every key of many', async () => {
    const { here, there } = handles();
    const keys = Array.from({ length: 300 }, () => entryKey(here));
    await listening([here, here, there], async ([mine, beside, elsewhere]) => {
      const writes = keys.map((key) => ({ key, body: 'body', expiresAtMs: later() }));
      await here.entries.writeMany(writes, mine!.feed);
      await here.entries.drop(keys.slice(0, 150), beside!.feed);
      await caughtUp(here);
      await caughtUp(there);
      expect(elsewhere!.keys).toEqual(expect.arrayContaining(keys));
      expect(beside!.keys).toEqual(expect.arrayContaining(keys));
      expect(mine!.keys).toEqual(expect.arrayContaining(keys.slice(0, 150)));
      expect(mine!.keys.filter((key) => keys.indexOf(key) >= 150)).toEqual([]);
    });
  });

  it('tells of marks that are made and dropped', async () => {
    const { here, there } = handles();
    const [made, dropped] = [entryKey(here), entryKey(here)];
    await here.entries.mark(dropped);
    await listening([there, here], async ([elsewhere, mine]) => {
      await here.entries.mark(made);
      await here.entries.drop([dropped], mine!.feed);
      await caughtUp(there);
      await caughtUp(here);
      expect(elsewhere!.keys).toEqual(expect.arrayContaining([made, dropped]));
      expect(mine!.keys).not.toContain(dropped);
    });
  });

  it.skipIf(subject.silent)('tells of what has expired, the one that wrote it too', async () => {
    const { here, there } = handles();
    await listening([here, there], async ([mine, elsewhere]) => {
      const key = entryKey(here);
      await here.entries.write(key, 'body', soon(), mine!.feed);
      await eventually(async () => {
        expect(await there.entries.read(key)).toBeUndefined();
        expect(mine!.keys).toContain(key);
        expect(elsewhere!.keys.filter((told) => told === key).length).toBeGreaterThan(1);
      });
    });
  });

  it('tells nothing of reads, and of claims, fills and drops that do nothing', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const version = await here.entries.write(key, 'body', later());
    const mark = entryKey(here);
    await here.entries.mark(mark);
    await listening([here, there], async ([mine, elsewhere]) => {
      await here.entries.read(key);
      await there.entries.readMany([key, mark]);
      await there.entries.claim(key, LONG_MS);
      await there.entries.mark(mark);
      expect(await there.entries.fill(key, `${version}x`, 'never', later())).toBe(false);
      await there.entries.unclaim(key, version.split('').toReversed().join(''));
      await caughtUp(here);
      await caughtUp(there);
      for (const { keys } of [mine!, elsewhere!]) {
        expect(keys.filter((told) => told === key || told === mark)).toEqual([]);
      }
    });
  });

  it('tells nothing to a feed that was closed', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    await listening([there, there], async ([closed, open]) => {
      closed!.feed.close();
      closed!.feed.close();
      await here.entries.write(key, 'body', later());
      await caughtUp(there);
      expect(open!.keys).toContain(key);
      expect(closed!.keys).not.toContain(key);
    });
  });

  it('has told of a write when it trusts copies from after it', async () => {
    const { here, there } = handles();
    await listening([there], async ([elsewhere]) => {
      for (let round = 0; round < 5; round += 1) {
        const key = entryKey(here);
        await here.entries.write(key, 'body', later());
        await caughtUp(there);
        expect(elsewhere!.keys).toContain(key);
      }
    });
  });

  it.runIf(subject.evict !== undefined)('tells of what was evicted', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    await listening([here, there], async ([mine, elsewhere]) => {
      await here.entries.write(key, 'body', later(), mine!.feed);
      await subject.evict!(key);
      await caughtUp(here);
      await caughtUp(there);
      expect(mine!.keys).toContain(key);
      expect(elsewhere!.keys.filter((told) => told === key).length).toBeGreaterThan(1);
    });
  });

  it.runIf(subject.writeFromOutside !== undefined)('tells of writers that do not use Stockroom', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    await here.entries.write(key, 'body', later());
    await listening([here, there], async ([mine, elsewhere]) => {
      await subject.writeFromOutside!(key, 'from outside');
      await caughtUp(here);
      await caughtUp(there);
      expect(mine!.keys).toContain(key);
      expect(elsewhere!.keys).toContain(key);
    });
  });
}
