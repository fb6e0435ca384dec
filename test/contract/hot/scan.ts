import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { keyPart } from '../../../src/tiers/hot/keys.ts';
import type { HotTier } from '../../../src/tiers/hot/port.ts';
import { entryKey, eventually, freshKey, later, LONG_MS, soon, type Subject, twoHandles } from './subject.ts';

/** More pages than any store of the tests has. */
const MAX_PAGES = 10_000;

/** Every key of a prefix, once each; `between` runs after every page. */
async function scanned(
  tier: HotTier,
  prefix: string,
  between?: (page: number) => Promise<void>,
): Promise<string[]> {
  const found = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const next = await tier.scan(prefix, cursor);
    for (const key of next.keys) found.add(key);
    if (next.cursor === undefined) return [...found].toSorted();
    cursor = next.cursor;
    await between?.(page);
  }
  throw new Error(`the scan of ${prefix} did not end within ${MAX_PAGES} pages`);
}

/** Scans find every key of a prefix. */
export function scanSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  const put = (tier: HotTier, keys: readonly string[]): Promise<unknown> =>
    Promise.all(keys.map((key) => tier.sessions.put(key, { is: 'there' }, LONG_MS)));

  it('finds keys of every kind, and none of another prefix', async () => {
    const { here, there } = handles();
    const prefix = entryKey(here, '');
    const names = ['entry', 'claim', 'mark', 'hash', 'ranking', 'session', 'lease', 'quota', 'count'];
    const [entry, claim, mark, hash, ranking, session, lease, quota, count] = names.map(
      (name) => `${prefix}${name}`,
    ) as [string, string, string, string, string, string, string, string, string];
    await here.entries.write(entry, 'body', later());
    await here.entries.claim(claim, LONG_MS);
    await here.entries.mark(mark);
    const epoch = await here.projections.begin(hash, LONG_MS);
    await here.projections.replace(hash, epoch, { kind: 'hash', fields: { a: '1' } }, later());
    await here.rankings.put(ranking, [{ id: 'a', score: 1 }]);
    await here.sessions.put(session, { a: '1' }, LONG_MS);
    await here.leases.acquire(lease, LONG_MS);
    await here.quotas.take(quota, { limit: 1, windowMs: LONG_MS });
    await here.statistics.count(count, { hits: 1 });
    // Keys that hold the prefix somewhere else, as the companion of a projection that is being built does.
    await here.projections.begin(`${prefix}entry`, LONG_MS);
    await put(here, [freshKey(here), prefix.slice(0, -1), `${freshKey(here)}:${prefix}entry`]);
    expect(await scanned(there, prefix)).toEqual(names.map((name) => `${prefix}${name}`).toSorted());
    expect(await scanned(there, `${prefix}entr`)).toEqual([entry]);
    expect(await scanned(there, entry)).toEqual([entry]);
    expect(await scanned(there, `${prefix}none`)).toEqual([]);
  });

  it('finds no key that is gone', async () => {
    const { here, there } = handles();
    const prefix = entryKey(here, '');
    await put(here, [`${prefix}dropped`, `${prefix}kept`]);
    await here.entries.write(`${prefix}expired`, 'body', soon());
    await here.entries.drop([`${prefix}dropped`]);
    await eventually(async () => expect(await scanned(there, prefix)).toEqual([`${prefix}kept`]));
  });

  it('knows no pattern', async () => {
    const { here, there } = handles();
    const base = freshKey(here, '');
    const odd = ['*', '?', '[ab]', '[^a]', '[a-z]', '\\', '\\*', '^', 'a*b', '**', '💹₹'];
    const plain = ['a', 'ab', 'aXb', 'x', '-', 'ba', '\\a'];
    await put(
      here,
      [...odd, ...plain].map((name) => `${base}${name}:1`),
    );
    for (const name of odd) {
      expect(await scanned(there, `${base}${name}:`)).toEqual([`${base}${name}:1`]);
    }
    expect(await scanned(there, `${base}*`)).toEqual([`${base}**:1`, `${base}*:1`]);
    expect(await scanned(there, base)).toHaveLength(odd.length + plain.length);
  });

  it('finds keys by the parts that they are made of', async () => {
    const { here, there } = handles();
    const base = freshKey(here, '');
    const keys = ['A:B', '{x}', '*', 'a%b'].map((part) => `${base}${keyPart(part)}:1`);
    await put(here, [...keys, `${base}A:B:1`]);
    for (const key of keys) expect(await scanned(there, key.slice(0, -1))).toEqual([key]);
  });

  it('finds every key that stays, while others come and go', async () => {
    const { here, there } = handles();
    const prefix = freshKey(here, '');
    const staying = Array.from({ length: 2_000 }, (_, index) => `${prefix}stays:${index}`);
    const going = Array.from({ length: 1_000 }, (_, index) => `${prefix}goes:${index}`);
    await put(
      here,
      staying.flatMap((key, index) => (index % 2 === 0 ? [key, going[index / 2]!] : [key])),
    );
    const found = await scanned(there, prefix, async (page) => {
      const from = page * 50;
      await here.entries.drop(going.slice(from, from + 50));
      await put(here, page < 200 ? [`${prefix}came:${randomBytes(8).toString('hex')}`] : []);
      await Promise.all(staying.slice(from, from + 50).map((key) => here.sessions.touch(key, LONG_MS)));
    });
    const all = new Set(found);
    expect(staying.filter((key) => !all.has(key))).toEqual([]);
    expect(found.every((key) => key.startsWith(prefix))).toBe(true);
  });
}
