import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HotTier } from '../../../src/tiers/hot/port.ts';
import {
  entryKey,
  eventually,
  later,
  LONG_MS,
  shortLifeToEnd,
  soon,
  type Subject,
  twoHandles,
} from './subject.ts';
import { anyText, oddTexts } from './texts.ts';

const MEGABYTE = 2 ** 20;

/** Entries are written, read and dropped, one or many. */
export function entriesSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  const bodyOf = async (tier: HotTier, key: string): Promise<string | undefined> => {
    const entry = await tier.entries.read(key);
    return entry?.kind === 'value' ? entry.body : undefined;
  };

  it('gives nothing where nothing stands', async () => {
    const { here } = handles();
    expect(await here.entries.read(entryKey(here))).toBeUndefined();
  });

  it('gives what was written to everybody, with the version that the write returned', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const version = await here.entries.write(key, 'body', later());
    const entry = { kind: 'value', version, body: 'body' };
    expect(await here.entries.read(key)).toEqual(entry);
    expect(await there.entries.read(key)).toEqual(entry);
  });

  it('writes over whatever stands there: an entry, a claim, a mark', async () => {
    const { here, there } = handles();
    for (const make of [
      (key: string) => there.entries.write(key, 'before', later()),
      (key: string) => there.entries.claim(key, LONG_MS),
      (key: string) => there.entries.mark(key),
    ]) {
      const key = entryKey(here);
      await make(key);
      const version = await here.entries.write(key, 'after', later());
      expect(await there.entries.read(key)).toEqual({ kind: 'value', version, body: 'after' });
    }
  });

  it('gives every write a version of its own, of the same body too', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const versions = [
      await here.entries.write(key, 'same', later()),
      await there.entries.write(key, 'same', later()),
      await here.entries.write(key, 'same', later()),
    ];
    await here.entries.drop([key]);
    versions.push(await here.entries.write(key, 'same', later()));
    expect(new Set(versions).size).toBe(versions.length);
  });

  it('keeps every text', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    await fc.assert(
      fc.asyncProperty(anyText, async (body) => {
        await here.entries.write(key, body, later());
        expect(await bodyOf(there, key)).toBe(body);
      }),
      { numRuns: 60, examples: oddTexts.map((text): [string] => [text]) },
    );
  });

  it('keeps a body of a megabyte', async () => {
    const { here, there } = handles();
    const [key, wide] = [entryKey(here), entryKey(here)];
    const body = Array.from({ length: MEGABYTE / 16 }, (_, index) => String(index).padStart(16)).join('');
    await here.entries.write(key, body, later());
    expect((await bodyOf(there, key)) === body).toBe(true);
    const characters = '₹\0💹'.repeat(MEGABYTE / 8);
    expect(await here.entries.writeMany([{ key: wide, body: characters, expiresAtMs: later() }])).toEqual([
      true,
    ]);
    expect((await bodyOf(there, wide)) === characters).toBe(true);
  });

  it('reads many in the order of the keys, with those that are missing or claimed', async () => {
    const { here, there } = handles();
    const [first, missing, claimed, last] = ['first', 'missing', 'claimed', 'last'].map((name) =>
      entryKey(here, name),
    ) as [string, string, string, string];
    const version = await here.entries.write(first, 'one', later());
    const lastVersion = await here.entries.write(last, '', later());
    const claim = await here.entries.claim(claimed, LONG_MS);
    const one = { kind: 'value', version, body: 'one' };
    const two = { kind: 'value', version: lastVersion, body: '' };
    const theirs = { kind: 'claim', version: claim.version };
    expect(await there.entries.readMany([last, missing, claimed, first, last])).toEqual([
      two,
      undefined,
      theirs,
      one,
      two,
    ]);
    expect(await there.entries.readMany([missing])).toEqual([undefined]);
    expect(await there.entries.readMany([])).toEqual([]);
  });

  it('writes and reads many at once', async () => {
    const { here, there } = handles();
    const writes = Array.from({ length: 1_000 }, (_, index) => ({
      key: entryKey(here, String(index)),
      body: `body ${index}`,
      expiresAtMs: later(),
    }));
    expect(await here.entries.writeMany(writes)).toEqual(writes.map(() => true));
    const read = await there.entries.readMany(writes.map(({ key }) => key));
    expect(read.map((entry) => entry?.kind === 'value' && entry.body)).toEqual(
      writes.map(({ body }) => body),
    );
    expect(new Set(read.map((entry) => entry?.version)).size).toBe(writes.length);
    expect(await here.entries.writeMany([])).toEqual([]);
  });

  it('writes many over whatever stands there, each until its own time', async () => {
    const { here, there } = handles();
    const [short, long, claimed] = [entryKey(here), entryKey(here), entryKey(here)];
    const claim = await there.entries.claim(claimed, LONG_MS);
    await there.entries.write(long, 'before', soon());
    const acknowledged = await here.entries.writeMany([
      { key: short, body: 'short', expiresAtMs: soon() },
      { key: long, body: 'long', expiresAtMs: later() },
      { key: claimed, body: 'written', expiresAtMs: later() },
    ]);
    expect(acknowledged).toEqual([true, true, true]);
    expect(await there.entries.fill(claimed, claim.version, 'filled', later())).toBe(false);
    expect(await bodyOf(there, claimed)).toBe('written');
    await shortLifeToEnd(there);
    await eventually(async () => expect(await there.entries.read(short)).toBeUndefined());
    expect(await bodyOf(there, long)).toBe('long');
  });

  it('drops entries, marks and claims, and minds none that is not there', async () => {
    const { here, there } = handles();
    const [entry, mark, claim, kept] = [entryKey(here), entryKey(here), entryKey(here), entryKey(here)];
    await here.entries.write(entry, 'body', later());
    await here.entries.mark(mark);
    await here.entries.claim(claim, LONG_MS);
    await here.entries.write(kept, 'kept', later());
    await there.entries.drop([entry, entryKey(here, 'missing'), mark, claim]);
    expect(await here.entries.readMany([entry, mark, claim])).toEqual([undefined, undefined, undefined]);
    expect(await bodyOf(here, kept)).toBe('kept');
    await there.entries.drop([entry]);
    await there.entries.drop([]);
    expect(await here.entries.claim(claim, LONG_MS)).toMatchObject({ kind: 'claimed' });
  });

  it('keeps an entry until its time and no longer', async () => {
    const { here, there } = handles();
    const [short, long, over] = [entryKey(here), entryKey(here), entryKey(here)];
    await here.entries.write(long, 'long', soon());
    await here.entries.write(long, 'long', later());
    await here.entries.write(short, 'short', later());
    await here.entries.write(short, 'short', soon());
    await here.entries.write(over, 'before', later());
    await here.entries.write(over, 'over', Date.now() - 1_000);
    expect(await there.entries.read(over)).toBeUndefined();
    await shortLifeToEnd(there);
    await eventually(async () => expect(await there.entries.read(short)).toBeUndefined());
    expect(await there.entries.readMany([short, over])).toEqual([undefined, undefined]);
    expect(await bodyOf(there, long)).toBe('long');
  });

  it.runIf(subject.evict !== undefined)('gives nothing where an entry was evicted', async () => {
    const { here, there } = handles();
    const key = entryKey(here);
    const version = await here.entries.write(key, 'body', later());
    await subject.evict!(key);
    expect(await there.entries.read(key)).toBeUndefined();
    expect(await there.entries.fill(key, version, 'filled', later())).toBe(false);
  });
}
