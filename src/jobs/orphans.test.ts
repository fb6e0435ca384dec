import { describe, expect, it } from 'vitest';
import { Orphans } from './orphans.ts';

const run = { id: 'one', attempt: 0 };
const free = { name: 'job', due: false, active: run, held: false };

describe('a run whose lock is free', () => {
  it('is one of a process that is gone when it was free at each look for long enough', () => {
    const orphans = new Orphans(15_000);
    for (const now of [0, 5_000, 10_000, 14_999]) expect(orphans.found(free, now)).toBeUndefined();
    expect(orphans.found(free, 15_000)).toEqual(run);
  });

  it.each([
    ['was held once between', { ...free, held: true }],
    ['was begun anew between', { ...free, active: { ...run, attempt: 1 } }],
    ['was another between', { ...free, active: { ...run, id: 'other' } }],
    ['ended between', { ...free, active: undefined }],
  ])('is none when it %s', (_, between) => {
    const orphans = new Orphans(15_000);
    orphans.found(free, 0);
    orphans.found(free, 5_000);
    expect(orphans.found(between, 10_000)).toBeUndefined();
    for (const now of [15_000, 20_000, 24_999]) expect(orphans.found(free, now)).toBeUndefined();
    for (const now of [30_000]) expect(orphans.found(free, now)).toEqual(run);
  });

  it('is none when nobody looked for a while: its process may have taken it anew meanwhile', () => {
    const orphans = new Orphans(15_000);
    orphans.found(free, 0);
    expect(orphans.found(free, 20_000)).toBeUndefined();
  });

  it('is one at once where there is no other process', () => {
    expect(new Orphans(0).found(free)).toEqual(run);
  });
});
