import { expect, it } from 'vitest';
import type { ProjectionContent } from '../../../src/tiers/hot/port.ts';
import { build, contentOf } from './projections.ts';
import {
  eventually,
  freshKey,
  later,
  LONG_MS,
  shortLifeToEnd,
  soon,
  type Subject,
  twoHandles,
} from './subject.ts';

const contents: readonly ProjectionContent[] = [
  { kind: 'text', text: 'a text' },
  { kind: 'text', text: '' },
  { kind: 'hash', fields: { cost: '1.25', '': 'x' } },
  { kind: 'hash', fields: {} },
  {
    kind: 'hash',
    fields: Object.fromEntries(Array.from({ length: 1_234 }, (_, at) => [`field ${at}`, `${at}`])),
  },
  { kind: 'set', members: ['one', 'two'] },
  { kind: 'set', members: [] },
  { kind: 'ranking', members: [{ id: 'one', score: 1 }] },
];

/** Projections of rows that are new. */
export function placingSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('writes each where nothing stands', async () => {
    const { here, there } = handles();
    // More than one script takes.
    const placed = Array.from({ length: 120 }, (_, at) => ({
      key: freshKey(here),
      content: contents[at % contents.length]!,
    }));
    await here.projections.place(placed, later());
    await here.projections.place([], later());
    for (const { key, content } of placed) expect(await contentOf(there, key)).toEqual(content);
  });

  it('leaves what stands, and what is being built, to whoever is newer', async () => {
    const { here, there } = handles();
    const [standing, building, empty] = [freshKey(here), freshKey(here), freshKey(here)];
    const [old, newer]: ProjectionContent[] = [
      { kind: 'text', text: 'old' },
      { kind: 'text', text: 'newer' },
    ];
    await build(there, standing, newer!);
    await build(there, empty, { kind: 'set', members: [] });
    const epoch = await there.projections.begin(building, LONG_MS);
    const placed = [standing, building, empty].map((key) => ({ key, content: old! }));
    await here.projections.place(placed, later());
    expect(await here.projections.read(standing)).toEqual(newer);
    expect(await here.projections.read(building)).toBeUndefined();
    expect(await here.projections.read(empty)).toEqual({ kind: 'set', members: [] });
    expect(await there.projections.replace(building, epoch, newer!, later())).toBe(true);
    expect(await here.projections.read(building)).toEqual(newer);
  });

  it('lives until its time, or without one until it is dropped', async () => {
    const { here, there } = handles();
    const content = contents[2]!;
    const [short, endless] = [freshKey(here), freshKey(here)];
    await here.projections.place([{ key: short, content }], soon());
    await here.projections.place([{ key: endless, content }], undefined);
    await shortLifeToEnd(there);
    await eventually(async () => expect(await there.projections.read(short)).toBeUndefined());
    expect(await there.projections.read(endless)).toEqual(content);
    await there.projections.drop(endless);
    expect(await here.projections.read(endless)).toBeUndefined();
  });
}
