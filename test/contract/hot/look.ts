import { expect, it } from 'vitest';
import { entryKey, freshKey, later, LONG_MS, type Subject, twoHandles } from './subject.ts';

const BOUNDS = { maxItems: 100, maxTextLength: 1_000, maxBytes: 2 ** 20 };

/** What stands at a key can be seen, whatever it is. */
export function lookSuite(subject: Subject): void {
  const handles = twoHandles(subject);

  it('shows every kind with its life and size', async () => {
    const { here, there } = handles();
    const [text, hash, set, ranking] = ['text', 'hash', 'set', 'ranking'].map((name) => freshKey(here, name));
    const place = async (key: string, content: Parameters<typeof here.projections.replace>[2]) =>
      here.projections.replace(key, await here.projections.begin(key, LONG_MS), content, later());
    await place(text!, { kind: 'text', text: 'one₹' });
    await place(hash!, { kind: 'hash', fields: { a: '1', b: '' } });
    await place(set!, { kind: 'set', members: ['x'] });
    const members = [
      { id: 'high', score: 2.5 },
      { id: 'low', score: -1 },
    ];
    await place(ranking!, { kind: 'ranking', members: members.toReversed() });
    const shown = { lifeMs: expect.any(Number), bytes: expect.any(Number), complete: true };
    expect(await there.look(text!, BOUNDS)).toMatchObject({
      ...shown,
      type: 'string',
      content: { text: 'one₹' },
    });
    expect(await there.look(hash!, BOUNDS)).toEqual({
      ...shown,
      type: 'hash',
      length: 2,
      content: { kind: 'hash', fields: { a: '1', b: '' } },
    });
    expect(await there.look(set!, BOUNDS)).toMatchObject({
      ...shown,
      type: 'set',
      content: { members: ['x'] },
    });
    const look = await there.look(ranking!, BOUNDS);
    expect(look).toMatchObject({ ...shown, type: 'zset', length: 2, content: { kind: 'ranking', members } });
    expect(look!.lifeMs).toBeGreaterThan(LONG_MS / 2);
    expect(look!.lifeMs).toBeLessThanOrEqual(LONG_MS);
    expect(look!.bytes).toBeGreaterThan(0);
  });

  it('shows what has no end, and nothing where nothing stands', async () => {
    const { here, there } = handles();
    const key = freshKey(here);
    expect(await there.look(key, BOUNDS)).toBeUndefined();
    await here.statistics.count(key, { hits: 3 });
    const look = await there.look(key, BOUNDS);
    expect([look?.type, look?.lifeMs, look?.length]).toEqual(['hash', undefined, 1]);
    await there.entries.drop([key]);
    expect(await here.look(key, BOUNDS)).toBeUndefined();
  });

  it('gives no more than it may', async () => {
    const { here, there } = handles();
    const [entry, hash] = [entryKey(here), freshKey(here)];
    await here.entries.write(entry, 'x'.repeat(5_000), later());
    const text = await there.look(entry, BOUNDS);
    expect(text?.content).toEqual({ kind: 'text', text: expect.stringMatching(/^.{1000}$/) });
    expect(text?.complete).toBe(false);
    const fields = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`field ${at}`, at === 0 ? 'y'.repeat(2_000) : 'z'.repeat(100)]),
    );
    await here.sessions.put(hash, fields, LONG_MS);
    const some = await there.look(hash, { ...BOUNDS, maxItems: 10 });
    expect([some?.length, some?.complete]).toEqual([300, false]);
    const content = some?.content;
    if (content?.kind !== 'hash') throw new Error('expected a hash');
    expect(Object.keys(content.fields).length).toBeLessThanOrEqual(10);
    const cut = await there.look(hash, { ...BOUNDS, maxItems: 1_000 });
    expect(cut?.complete).toBe(false);
    expect(await there.look(hash, { ...BOUNDS, maxBytes: 100 })).toMatchObject({
      length: 300,
      complete: false,
      content: undefined,
    });
  });
}
