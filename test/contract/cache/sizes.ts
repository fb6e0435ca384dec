import { expect, it } from 'vitest';
import type { Cache } from '../../../src/tiers/tiered/index.ts';
import { type CacheActivity, cacheActivity } from '../../../src/core/cache-diagnostics.ts';
import {
  type CacheSubject,
  endProcess,
  freshName,
  fullKey,
  standing,
  startProcess,
  twoProcesses,
} from './subject.ts';

const MB = 1_048_576;

export function sizesSuite(subject: CacheSubject): void {
  const processes = twoProcesses(subject);

  /** What is in the process when its namespace is closed after some work. */
  async function heldAfter(
    options: { l1MaxEntries?: number; l1MaxBytes?: number },
    work: (cache: Cache<unknown>) => Promise<void>,
  ): Promise<CacheActivity> {
    const process = await startProcess(subject);
    const name = freshName();
    const told: CacheActivity[] = [];
    const deafen = cacheActivity.subscribe((message) => {
      if (message.namespace === name) told.push(message);
    });
    await work(process.manager.namespace(name, options));
    await endProcess(process);
    deafen();
    return told.at(-1)!;
  }

  it('compresses texts that are longer than the bound, and gives them back', async () => {
    const { here, there, name } = processes().pair<string>({ compressAboveBytes: 1_000 });
    const { hot } = processes().here;
    const long = 'abc äöü 🦜 '.repeat(1_000);
    await here.set('long', long);
    await here.set('short', 'abc');
    await there.getOrSet('made', () => long);
    for (const [key, form] of [
      ['long', 'z'],
      ['short', 't'],
      ['made', 'z'],
    ] as const) {
      const envelope = (await standing(hot, name, key))!;
      expect(envelope.payload.form).toBe(form);
      if (form === 'z') expect(envelope.payload.text.length).toBeLessThan(long.length / 10);
      const value = key === 'short' ? 'abc' : long;
      for (const cache of [here, there, here, there]) expect(await cache.get(key)).toBe(value);
      expect(await there.getMany([key])).toEqual(new Map([[key, value]]));
    }
  });

  it('compresses nothing where compressAboveBytes is undefined', async () => {
    const { here, there, name } = processes().pair<string>({ compressAboveBytes: undefined });
    const long = 'abc'.repeat(100_000);
    await here.set('key', long);
    expect((await standing(processes().here.hot, name, 'key'))!.payload.form).toBe('t');
    expect(await there.get('key')).toBe(long);
  });

  it('takes a damaged compressed text for a miss', async () => {
    const { here, there, name } = processes().pair<string>({ compressAboveBytes: 100 });
    const { hot } = processes().here;
    await here.set('key', 'abc'.repeat(1_000));
    const key = fullKey(hot, name, 'key');
    const entry = await hot.entries.read(key);
    const body = entry?.kind === 'value' ? entry.body : '';
    await hot.entries.write(key, `${body.slice(0, -8)}AAAAAAA=`, Date.now() + 60_000);
    expect(await there.get('key')).toBeUndefined();
    expect(await there.getOrSet('key', () => 'made')).toBe('made');
  });

  it('gives the newest of several long values, in the process that wrote them too', async () => {
    const { here, there } = processes().pair<string>({ compressAboveBytes: 100 });
    for (let round = 0; round < 5; round += 1) {
      const value = `${round} `.repeat(1_000);
      const [, during] = await Promise.all([here.set('key', value, { tags: [`${round}`] }), here.get('key')]);
      expect(during === undefined || during.length > 100).toBe(true);
      expect(await here.get('key')).toBe(value);
    }
    expect(await there.get('key')).toBe('4 '.repeat(1_000));
  });

  it('keeps values of 2 MB and more', async () => {
    const { here, there } = processes().pair<{ texts: string[] }>();
    const texts = Array.from({ length: 2_000 }, (_, at) =>
      `${at} ${Math.random()} `.repeat(60).slice(0, 1_100),
    );
    expect(JSON.stringify(texts).length).toBeGreaterThan(2 * MB);
    expect(await here.set('key', { texts })).toBe(true);
    expect(await here.get('key')).toEqual({ texts });
    expect(await there.get('key')).toEqual({ texts });
    expect(await there.getOrSet('made', () => ({ texts }))).toEqual({ texts });
    expect(await here.get('made')).toEqual({ texts });
  });

  it('holds no more entries in the process than l1MaxEntries, those used last', async () => {
    const { l1Entries } = await heldAfter({ l1MaxEntries: 10 }, async (cache) => {
      for (let at = 0; at < 100; at += 1) {
        await cache.set(`key ${at}`, at);
        expect(await cache.get('key 0')).toBe(0);
      }
      expect(await cache.get('key 50')).toBe(50);
    });
    expect(l1Entries).toBe(10);
  });

  it('holds no more bytes in the process than l1MaxBytes, however values got there', async () => {
    const value = Array.from({ length: 250 }, (_, at) => ({ at, list: [[]] }));
    const { l1Entries, l1Bytes } = await heldAfter({ l1MaxBytes: MB }, async (cache) => {
      for (let at = 0; at < 100; at += 1) {
        await cache.set(`set ${at}`, value);
        await cache.get(`set ${at}`);
        await cache.getOrSet(`made ${at}`, () => value);
        await cache.get(`made ${at}`);
      }
    });
    expect(l1Bytes).toBeLessThanOrEqual(MB);
    expect(l1Bytes).toBeGreaterThan(MB / 2);
    // What it is decoded to is about 40 kB, and what it is decoded from 7 kB.
    expect(l1Entries).toBeLessThan(50);
  });

  it('holds nothing that alone is larger than l1MaxBytes, and gives it all the same', async () => {
    const large = 'x'.repeat(200_000);
    const { l1Entries } = await heldAfter({ l1MaxBytes: 100_000 }, async (cache) => {
      await cache.set('large', 'small at first');
      await cache.set('large', large);
      expect(await cache.get('large')).toBe(large);
      expect(await cache.getOrSet('made', () => large)).toBe(large);
      expect(await cache.get('made')).toBe(large);
    });
    expect(l1Entries).toBe(0);
  });

  it('holds nothing in the process where l1MaxEntries is 0', async () => {
    const { l1Entries, l1Bytes, counts } = await heldAfter({ l1MaxEntries: 0 }, async (cache) => {
      await cache.set('key', 1);
      for (let again = 0; again < 3; again += 1) expect(await cache.get('key')).toBe(1);
    });
    expect([l1Entries, l1Bytes, counts.l1Hits]).toEqual([0, 0, 0]);
  });
}
