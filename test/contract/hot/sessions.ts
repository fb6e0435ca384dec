import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HotTier } from '../../../src/tiers/hot/port.ts';
import {
  eventually,
  freshKey,
  fromBoth,
  LONG_MS,
  SHORT_MS,
  shortLifeToEnd,
  type Subject,
  twoHandles,
} from './subject.ts';
import { anyText, oddTexts } from './texts.ts';

type Visit = (tier: HotTier, key: string, lifeMs: number) => Promise<unknown>;

/** Every call that takes a life. */
const visits: readonly [string, Visit][] = [
  ['put', (tier, key, lifeMs) => tier.sessions.put(key, { b: '2' }, lifeMs)],
  ['put without fields', (tier, key, lifeMs) => tier.sessions.put(key, {}, lifeMs)],
  ['get', (tier, key, lifeMs) => tier.sessions.get(key, 'a', lifeMs)],
  ['get of a field that is not there', (tier, key, lifeMs) => tier.sessions.get(key, 'x', lifeMs)],
  ['all', (tier, key, lifeMs) => tier.sessions.all(key, lifeMs)],
  ['touch', (tier, key, lifeMs) => tier.sessions.touch(key, lifeMs)],
];

/** Sessions live as long as somebody touches them. */
export function sessionsSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('has no fields before any is put', async () => {
    const { here } = handles();
    const key = freshKey(here);
    expect(await here.sessions.get(key, 'a')).toBeUndefined();
    expect(await here.sessions.get(key, 'a', LONG_MS)).toBeUndefined();
    expect(await here.sessions.all(key)).toEqual({});
    expect(await here.sessions.all(key, LONG_MS)).toEqual({});
    expect(await here.sessions.touch(key, LONG_MS)).toBe(false);
    await here.sessions.remove(key, ['a']);
    await here.sessions.end(key);
    expect(await here.sessions.touch(key, LONG_MS)).toBe(false);
  });

  it('puts fields beside those that are there', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.sessions.put(key, { a: '1', b: '2' }, LONG_MS);
    await there.sessions.put(key, { b: 'two', c: '' }, LONG_MS);
    expect(await here.sessions.all(key)).toEqual({ a: '1', b: 'two', c: '' });
    expect(await here.sessions.all(key, LONG_MS)).toEqual({ a: '1', b: 'two', c: '' });
    expect(await there.sessions.get(key, 'b')).toBe('two');
    expect(await there.sessions.get(key, 'c', LONG_MS)).toBe('');
    expect(await there.sessions.get(key, 'd')).toBeUndefined();
    expect(await there.sessions.touch(key, LONG_MS)).toBe(true);
  });

  it('removes fields, and ends', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.sessions.put(key, { a: '1', b: '2' }, LONG_MS);
    await there.sessions.remove(key, ['a', 'x']);
    await there.sessions.remove(key, []);
    expect(await here.sessions.all(key)).toEqual({ b: '2' });
    await there.sessions.end(key);
    expect(await here.sessions.all(key)).toEqual({});
    expect(await here.sessions.touch(key, LONG_MS)).toBe(false);
  });

  it.concurrent.each(visits)('lives on with %s', async (_, visit) => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.sessions.put(key, { a: '1' }, SHORT_MS);
    await visit(there, key, LONG_MS);
    await shortLifeToEnd(here);
    expect(await here.sessions.get(key, 'a')).toBe('1');
  });

  it.concurrent.each(visits)('has the life that %s gave it last, a shorter one too', async (_, visit) => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.sessions.put(key, { a: '1' }, LONG_MS);
    await visit(there, key, 1);
    await eventually(async () => expect(await here.sessions.all(key)).toEqual({}));
    expect(await here.sessions.touch(key, LONG_MS)).toBe(false);
  });

  it('does not live on with calls that give no life', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await here.sessions.put(key, { a: '1', b: '2' }, SHORT_MS);
    await there.sessions.remove(key, ['b']);
    await eventually(async () => {
      expect(await there.sessions.get(key, 'a')).toBeUndefined();
      expect(await there.sessions.all(key)).toEqual({});
    });
  });

  it('keeps every field and text', async () => {
    const { here, there } = handles();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyText, { minLength: 1, maxLength: 6 }),
        anyText,
        async (names, text) => {
          const key = freshKey(here);
          const fields = Object.fromEntries(names.map((name) => [name, text]));
          await here.sessions.put(key, fields, LONG_MS);
          expect(await there.sessions.all(key)).toEqual(fields);
          for (const name of names) expect(await there.sessions.get(key, name)).toBe(text);
        },
      ),
      { numRuns: 40, examples: oddTexts.map((text): [string[], string] => [[...oddTexts], text]) },
    );
  });

  it('loses no field when many put at once', async () => {
    const both = handles();
    const key = freshKey(both.here);
    let turn = 0;
    await fromBoth(both, 100, (tier) => tier.sessions.put(key, { [`field ${(turn += 1)}`]: 'x' }, LONG_MS));
    expect(Object.keys(await both.here.sessions.all(key))).toHaveLength(100);
  });
}
