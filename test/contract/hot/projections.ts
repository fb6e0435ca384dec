import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HotTier, ProjectionContent } from '../../../src/tiers/hot/port.ts';
import {
  eventually,
  freshKey,
  later,
  LONG_MS,
  SHORT_MS,
  shortLifeToEnd,
  soon,
  type Subject,
  twoHandles,
} from './subject.ts';
import { anyText, oddTexts } from './texts.ts';

/** Builds a projection as its store does. */
export async function build(
  tier: HotTier,
  key: string,
  content: ProjectionContent,
  expiresAtMs: number | undefined = later(),
): Promise<void> {
  const epoch = await tier.projections.begin(key, LONG_MS);
  expect(await tier.projections.replace(key, epoch, content, expiresAtMs)).toBe(true);
}

/** What a projection holds, whatever the order of its members. */
export async function contentOf(tier: HotTier, key: string): Promise<ProjectionContent | undefined> {
  const content = await tier.projections.read(key);
  if (content?.kind === 'set') return { ...content, members: content.members.toSorted() };
  if (content?.kind !== 'ranking') return content;
  return { ...content, members: content.members.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

const contents: readonly ProjectionContent[] = [
  { kind: 'text', text: 'a text' },
  { kind: 'hash', fields: { total_cost: '1.25', total_requests: '3' } },
  { kind: 'set', members: ['one', 'two'] },
  {
    kind: 'ranking',
    members: [
      { id: 'one', score: -1.5 },
      { id: 'two', score: 3 },
    ],
  },
];

const empties: readonly ProjectionContent[] = [
  { kind: 'text', text: '' },
  { kind: 'hash', fields: {} },
  { kind: 'set', members: [] },
  { kind: 'ranking', members: [] },
];

/** Projections are built under an epoch, and read. */
export function projectionsSuite(subject: Subject): void {
  const handles = twoHandles(subject);
  epochsSuite(subject);

  it('is not there before it is built', async () => {
    const { here } = handles();
    const key = freshKey(here);
    expect(await here.projections.read(key)).toBeUndefined();
    expect(await here.projections.apply(key, { set: { name: 'x' } })).toBe(false);
    expect(await here.projections.apply(key, { include: ['x'] })).toBe(false);
    expect(await here.projections.apply(key, {})).toBe(false);
    await here.projections.begin(key, LONG_MS);
    await here.projections.drop(key);
    expect(await here.projections.read(key)).toBeUndefined();
  });

  it.each(contents)('is read by everybody as it was built: $kind', async (content) => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, content);
    expect(await contentOf(here, key)).toEqual(content);
    expect(await contentOf(there, key)).toEqual(content);
    await there.projections.drop(key);
    expect(await here.projections.read(key)).toBeUndefined();
  });

  it.concurrent.each(empties)('is there without anything in it: $kind', async (content) => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, content);
    expect(await there.projections.read(key)).toEqual(content);
    expect(await there.projections.apply(key, {})).toBe(true);
    expect(await there.projections.read(key)).toEqual(content);
    await there.projections.drop(key);
    expect(await here.projections.read(key)).toBeUndefined();
    await build(here, key, content, soon());
    await eventually(async () => expect(await there.projections.read(key)).toBeUndefined());
    expect(await there.projections.apply(key, {})).toBe(false);
  });

  it.each([...contents, ...empties])('is read as it was while it is built anew: %j', async (content) => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, content);
    const epoch = await here.projections.begin(key, LONG_MS);
    expect(await contentOf(there, key)).toEqual(content);
    expect(await here.projections.replace(key, epoch, { kind: 'text', text: 'anew' }, later())).toBe(true);
    expect(await there.projections.read(key)).toEqual({ kind: 'text', text: 'anew' });
  });

  it('is replaced as a whole, by content of another kind too', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    for (const content of [...contents, ...empties, ...contents.toReversed()]) {
      await build(here, key, content);
      expect(await contentOf(there, key)).toEqual(content);
    }
    await build(here, key, { kind: 'hash', fields: { another: 'field' } });
    expect(await contentOf(there, key)).toEqual({ kind: 'hash', fields: { another: 'field' } });
  });

  it('lives until its time, or without one until it is dropped', async () => {
    const { here, there } = handles();
    const content = contents[1]!;
    const [short, long, endless] = [freshKey(here), freshKey(here), freshKey(here)];
    for (const key of [short, long, endless]) await build(here, key, content, soon());
    await build(here, long, content);
    const epoch = await here.projections.begin(endless, LONG_MS);
    expect(await here.projections.replace(endless, epoch, content, undefined)).toBe(true);
    await shortLifeToEnd(there);
    await eventually(async () => expect(await there.projections.read(short)).toBeUndefined());
    expect(await there.projections.read(long)).toEqual(content);
    expect(await there.projections.read(endless)).toEqual(content);
    await here.projections.drop(endless);
  });

  it('keeps every text, field and member', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const texts = fc.uniqueArray(anyText, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(anyText, texts, async (text, names) => {
        const members = names.toSorted();
        const score = text.length / 7;
        const all: ProjectionContent[] = [
          { kind: 'text', text },
          { kind: 'hash', fields: Object.fromEntries(names.map((name) => [name, text])) },
          { kind: 'set', members },
          { kind: 'ranking', members: members.map((id) => ({ id, score })) },
        ];
        for (const content of all) {
          await build(here, key, content);
          expect(await contentOf(there, key)).toEqual(content);
        }
      }),
      { numRuns: 25, examples: oddTexts.map((text): [string, string[]] => [text, [...oddTexts]]) },
    );
  });
}

function epochsSuite(subject: Subject): void {
  const handles = twoHandles(subject);
  const content: ProjectionContent = { kind: 'text', text: 'built' };

  it('is built once with an epoch', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const epoch = await here.projections.begin(key, LONG_MS);
    expect(await here.projections.read(key)).toBeUndefined();
    expect(await there.projections.replace(key, epoch, content, later())).toBe(true);
    expect(await here.projections.replace(key, epoch, { kind: 'text', text: 'again' }, later())).toBe(false);
    expect(await here.projections.read(key)).toEqual(content);
  });

  it('is built by who began last', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const first = await here.projections.begin(key, LONG_MS);
    const second = await there.projections.begin(key, LONG_MS);
    expect(second).not.toBe(first);
    expect(await here.projections.replace(key, first, content, later())).toBe(false);
    expect(await here.projections.read(key)).toBeUndefined();
    expect(await there.projections.replace(key, second, content, later())).toBe(true);
  });

  it('is not built with an epoch of another key, or with none', async () => {
    const { here } = handles();
    const [key, another] = [freshKey(here), freshKey(here)];
    const epoch = await here.projections.begin(another, LONG_MS);
    expect(await here.projections.replace(key, epoch, content, later())).toBe(false);
    expect(await here.projections.replace(key, '', content, later())).toBe(false);
    await here.projections.begin(key, LONG_MS);
    expect(await here.projections.replace(key, epoch, content, later())).toBe(false);
    expect(await here.projections.read(key)).toBeUndefined();
  });

  it('is not built after the life of the epoch', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const epoch = await here.projections.begin(key, SHORT_MS);
    await shortLifeToEnd(here);
    expect(await there.projections.replace(key, epoch, content, later())).toBe(false);
    expect(await there.projections.read(key)).toBeUndefined();
  });

  it('is not built after a move in between, and stays as it was', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const epoch = await here.projections.begin(key, LONG_MS);
    expect(await there.projections.apply(key, { set: { total: '2' } })).toBe(false);
    expect(await here.projections.replace(key, epoch, content, later())).toBe(false);
    expect(await here.projections.read(key)).toBeUndefined();
  });

  it('is not built over one that was moved in between', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    await build(here, key, { kind: 'hash', fields: { total: '1' } });
    const epoch = await here.projections.begin(key, LONG_MS);
    expect(await there.projections.apply(key, { set: { total: '2' } })).toBe(true);
    expect(await here.projections.replace(key, epoch, content, later())).toBe(false);
    expect(await here.projections.read(key)).toEqual({ kind: 'hash', fields: { total: '2' } });
  });

  it('is not built after a move of a ranking in between', async () => {
    const { here, there } = handles();
    const ranking: ProjectionContent = { kind: 'ranking', members: [{ id: 'old', score: 1 }] };
    const [put, removed] = [freshKey(here), freshKey(here)];
    const putEpoch = await here.projections.begin(put, LONG_MS);
    expect(await there.rankings.put(put, [{ id: 'new', score: 2 }], { onlyIfThere: true })).toBe(false);
    expect(await here.projections.replace(put, putEpoch, ranking, later())).toBe(false);
    const removedEpoch = await here.projections.begin(removed, LONG_MS);
    await there.rankings.remove(removed, ['old']);
    expect(await here.projections.replace(removed, removedEpoch, ranking, later())).toBe(false);
  });

  it('is not built after a drop in between', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    const epoch = await here.projections.begin(key, LONG_MS);
    await there.projections.drop(key);
    expect(await here.projections.replace(key, epoch, content, later())).toBe(false);
    expect(await here.projections.read(key)).toBeUndefined();
  });

  it('is never built without a move that was made meanwhile', async () => {
    const { here, there } = handles();
    for (let round = 0; round < 30; round += 1) {
      const key = freshKey(here);
      let rows = 1;
      const epoch = await here.projections.begin(key, LONG_MS);
      const read = String(rows);
      rows += 1;
      const work = [
        () => there.projections.apply(key, { set: { rows: String(rows) } }),
        () => here.projections.replace(key, epoch, { kind: 'hash', fields: { rows: read } }, later()),
      ];
      await Promise.all((round % 2 === 0 ? work : work.toReversed()).map((step) => step()));
      const found = await here.projections.read(key);
      expect([undefined, { kind: 'hash', fields: { rows: String(rows) } }]).toContainEqual(found);
    }
  });
}
