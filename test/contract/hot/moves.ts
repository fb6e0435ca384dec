import { expect, it } from 'vitest';
import type { HotTier, ProjectionChange, ProjectionContent } from '../../../src/tiers/hot/port.ts';
import { build, contentOf } from './projections.ts';
import { eventually, freshKey, fromBoth, shortLifeToEnd, soon, type Subject, twoHandles } from './subject.ts';

async function fieldsOf(tier: HotTier, key: string): Promise<Readonly<Record<string, string>>> {
  const content = await tier.projections.read(key);
  expect(content?.kind).toBe('hash');
  return content?.kind === 'hash' ? content.fields : {};
}

/** Moves of projections that stand: of the fields of a hash, and of the members of a set. */
export function movesSuite(subject: Subject): void {
  const handles = twoHandles(subject);
  refusalsSuite(subject);

  it('sets fields, those that are not there too', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, { kind: 'hash', fields: { cost: '1.5', model: 'old', kept: '' } });
    const change = { set: { cost: '1.75', model: 'new', mode: 'x' } };
    expect(await there.projections.apply(key, change)).toBe(true);
    expect(await fieldsOf(here, key)).toEqual({ cost: '1.75', model: 'new', mode: 'x', kept: '' });
    expect(await there.projections.apply(key, {})).toBe(true);
  });

  it('makes every move when many move at once', async () => {
    const both = handles();
    const key = freshKey(both.here);
    await build(both.here, key, { kind: 'set', members: [] });
    const done = await fromBoth(both, 100, (tier, at) =>
      tier.projections.apply(key, { include: [`member ${at}`] }),
    );
    expect(done.every(Boolean)).toBe(true);
    expect(await both.there.projections.read(key)).toMatchObject({ members: { length: 100 } });
  });

  it('includes and excludes members', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, { kind: 'set', members: ['a', 'b'] });
    expect(await there.projections.apply(key, { include: ['c', 'a', ''], exclude: ['b', 'x'] })).toBe(true);
    expect(await contentOf(here, key)).toEqual({ kind: 'set', members: ['', 'a', 'c'] });
    expect(await there.projections.apply(key, { include: ['d'] })).toBe(true);
    expect(await there.projections.apply(key, { exclude: ['', 'a'] })).toBe(true);
    expect(await contentOf(here, key)).toEqual({ kind: 'set', members: ['c', 'd'] });
  });

  it('moves a set that has lost all its members, and one that never had any', async () => {
    const { here, there } = handles();
    const [emptied, empty] = [freshKey(here), freshKey(here)];
    await build(here, emptied, { kind: 'set', members: ['a'] });
    await build(here, empty, { kind: 'set', members: [] });
    expect(await there.projections.apply(emptied, { exclude: ['a'] })).toBe(true);
    expect(await here.projections.read(emptied)).toEqual({ kind: 'set', members: [] });
    expect(await here.projections.apply(emptied, { exclude: ['a'] })).toBe(true);
    for (const key of [emptied, empty]) {
      expect(await there.projections.apply(key, { include: ['b'] })).toBe(true);
      expect(await here.projections.read(key)).toEqual({ kind: 'set', members: ['b'] });
    }
  });

  it('moves a hash that never had a field', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, { kind: 'hash', fields: {} });
    expect(await there.projections.apply(key, { set: { total: '2.5' } })).toBe(true);
    expect(await fieldsOf(here, key)).toEqual({ total: '2.5' });
  });

  it('moves a ranking that never had a member', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, { kind: 'ranking', members: [] });
    const member = { id: 'a', score: 1 };
    expect(await there.rankings.put(key, [member], { onlyIfThere: true })).toBe(true);
    expect(await here.projections.read(key)).toEqual({ kind: 'ranking', members: [member] });
    expect(await here.rankings.top(key, 10)).toEqual([member]);
  });

  it('does not make a projection live longer, an emptied one neither', async () => {
    const { here, there } = handles();
    const [hash, set, empty] = [freshKey(here), freshKey(here), freshKey(here)];
    await build(here, hash, { kind: 'hash', fields: { total: '1' } }, soon());
    await build(here, set, { kind: 'set', members: ['a'] }, soon());
    await build(here, empty, { kind: 'set', members: [] }, soon());
    await there.projections.apply(hash, { set: { total: '2' } });
    await there.projections.apply(set, { exclude: ['a'] });
    await there.projections.apply(empty, { include: ['a'] });
    await shortLifeToEnd(there);
    await eventually(async () => {
      for (const key of [hash, set, empty]) expect(await here.projections.read(key)).toBeUndefined();
    });
    expect(await there.projections.apply(set, { include: ['b'] })).toBe(false);
  });
}

const standing: readonly ProjectionContent[] = [
  { kind: 'text', text: '1' },
  { kind: 'hash', fields: { total: '1', name: 'a name' } },
  { kind: 'set', members: ['a'] },
  { kind: 'ranking', members: [{ id: 'a', score: 1 }] },
  { kind: 'hash', fields: {} },
  { kind: 'set', members: [] },
];

const changes: readonly [kind: 'hash' | 'set', change: ProjectionChange][] = [
  ['hash', { set: { total: '1' } }],
  ['set', { include: ['b'] }],
  ['set', { exclude: ['a'] }],
];

function refusalsSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it.each(standing)('refuses a change of another kind, and changes nothing: $kind', async (content) => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, content);
    for (const [kind, change] of changes) {
      if (kind === content.kind) continue;
      await expect(there.projections.apply(key, change)).rejects.toMatchObject({ code: 'HOT_REFUSED' });
    }
    const both = { set: { name: 'x' }, include: ['b'], exclude: ['a'] };
    await expect(there.projections.apply(key, both)).rejects.toMatchObject({ code: 'HOT_REFUSED' });
    expect(await here.projections.read(key)).toEqual(content);
  });
}
