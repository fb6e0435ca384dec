import { describe, expect, it } from 'vitest';
import { Queue } from './queue.ts';
import type { Content, Name } from './state.ts';

const bounds = { queueMax: 3, queueMaxCharacters: 100, roomMs: 60_000 };
const name = (key: string): Name => ({ family: 'test', key, fullKey: key });
const value = (version: number, body = 'x', expiresAtMs?: number): Content => ({
  kind: 'value',
  version,
  body,
  expiresAtMs,
});
const nothing = (): void => undefined;

describe('the queue', () => {
  it('keeps the newest state of each key, in the order of the oldest', () => {
    const queue = new Queue(bounds);
    queue.add(name('a'), value(1, 'a1'));
    queue.add(name('b'), value(5, 'b5', 10));
    queue.add(name('a'), value(3, 'a3'));
    queue.add(name('a'), value(2, 'a2'));
    queue.add(name('b'), value(5, 'b5', 9));
    expect(queue.items().map(({ content }) => content.body)).toEqual(['a3', 'b5']);
    expect(queue.get('b')?.expiresAtMs).toBe(10);
    queue.add(name('b'), value(5, 'b5'));
    expect(queue.get('b')?.expiresAtMs).toBeUndefined();
    expect(queue.size).toBe(2);
    expect(queue.has('test')).toBe(true);
    expect(queue.has('other')).toBe(false);
  });

  it('keeps what came while the state before was written', () => {
    const queue = new Queue(bounds);
    queue.add(name('a'), value(1));
    const [item] = queue.items();
    queue.add(name('a'), value(2));
    queue.done(item!);
    expect(queue.get('a')?.version).toBe(2);
    queue.done(queue.items()[0]!);
    expect(queue.size).toBe(0);
    expect(queue.oldestMs).toBe(0);
  });

  it.each([
    ['values', [value(1), value(1), value(1)]],
    ['characters', [value(1, 'x'.repeat(100))]],
  ])('lets nobody in while it is full of %s, and everybody who waits once it is not', async (_, contents) => {
    const queue = new Queue(bounds);
    contents.forEach((content, at) => queue.add(name(String(at)), content));
    let inside = 0;
    let told = 0;
    const waiting = [1, 2].map(() =>
      queue
        .room(1, () => (told += 1))
        .then((room) => {
          inside += 1;
          return room;
        }),
    );
    await Promise.resolve();
    expect([inside, told]).toEqual([0, 2]);
    for (const item of queue.items()) queue.done(item);
    const rooms = await Promise.all(waiting);
    expect(inside).toBe(2);
    for (const room of rooms) room.release();
    expect(queue.isFull).toBe(false);
  });

  it('counts room that was given and is not used yet', async () => {
    const queue = new Queue(bounds);
    const room = await queue.room(3, nothing);
    expect(queue.isFull).toBe(true);
    const next = queue.room(1, nothing);
    room.release();
    await next;
  });

  it('rejects who waited too long, and everybody once it is closed', async () => {
    const impatient = new Queue({ ...bounds, queueMax: 1, roomMs: 1 });
    impatient.add(name('a'), value(1));
    await expect(impatient.room(1, nothing)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Nothing was written'),
    });
    const queue = new Queue({ ...bounds, queueMax: 1 });
    queue.add(name('a'), value(1));
    const waiting = queue.room(1, nothing);
    queue.close();
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(queue.room(1, nothing)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
