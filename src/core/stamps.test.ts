import { expect, it } from 'vitest';
import { createStamps } from './stamps.ts';

it('a clock that stands still gives times in order', () => {
  const stamp = createStamps(() => new Date('2026-11-22T20:28:30.408Z'));
  expect([stamp(), stamp()]).toEqual(['2026-11-22T20:28:30.408000Z', '2026-11-22T20:28:30.408001Z']);
  const more = Array.from({ length: 1_500 }, stamp);
  expect(more.toSorted()).toEqual(more);
  expect(new Set(more).size).toBe(1_500);
});

it('a clock that is set back gives no earlier time, and one that goes on is followed', () => {
  let now = Date.parse('2026-11-22T20:28:30.408Z');
  const stamp = createStamps(() => new Date(now));
  stamp();
  now -= 5;
  expect(stamp()).toBe('2026-11-22T20:28:30.408001Z');
  now += 1_005;
  expect(stamp()).toBe('2026-11-22T20:28:31.408000Z');
});
