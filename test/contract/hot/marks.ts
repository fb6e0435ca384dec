import { expect, it } from 'vitest';
import { entryKey, fromBoth, later, type Subject, twoHandles } from './subject.ts';

/** Marks have a version that stays until they are dropped. */
export function marksSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('makes a mark when there is none, and gives its version to everybody', async () => {
    const { here, there } = handles();
    const [key, another] = [entryKey(here), entryKey(here)];
    const version = await here.entries.mark(key);
    expect(version).not.toBe('');
    expect(await there.entries.mark(key)).toBe(version);
    expect(await here.entries.mark(key)).toBe(version);
    expect(await here.entries.mark(another)).not.toBe(version);
  });

  it('makes one mark for many callers at once', async () => {
    const both = handles();
    for (let round = 0; round < 20; round += 1) {
      const key = entryKey(both.here);
      const versions = await fromBoth(both, 20, (tier) => tier.entries.mark(key));
      expect(new Set(versions).size).toBe(1);
      expect(await both.there.entries.mark(key)).toBe(versions[0]);
    }
  });

  it('has another version after it was dropped, and none comes back', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const versions = [];
    for (let round = 0; round < 20; round += 1) {
      versions.push(await here.entries.mark(key));
      await there.entries.drop([key]);
    }
    expect(new Set(versions).size).toBe(versions.length);
  });

  it('is read with the entries that depend on it', async () => {
    const { here, there } = handles();
    const [mark, entry] = [entryKey(here, 'mark'), entryKey(here)];
    const noted = await here.entries.mark(mark);
    await here.entries.write(entry, noted, later());
    const [value, now] = await there.entries.readMany([entry, mark]);
    expect(value).toMatchObject({ kind: 'value', body: now?.version });
    await here.entries.drop([mark]);
    expect(await there.entries.readMany([mark])).toEqual([undefined]);
    expect(await there.entries.mark(mark)).not.toBe(noted);
  });

  it.runIf(subject.evict !== undefined)('has another version after it was evicted', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const version = await here.entries.mark(key);
    await subject.evict!(key);
    expect(await there.entries.mark(key)).not.toBe(version);
  });
}
