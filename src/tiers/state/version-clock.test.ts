import { expect, it } from 'vitest';
import { VersionClock } from './version-clock.ts';

const HOUR_MICROS = 3_600_000_000;

it('makes every version higher than the one before, and near the time', () => {
  const clock = new VersionClock();
  const versions = Array.from({ length: 1_000 }, () => clock.next());
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  expect(Math.abs(versions[0]! / 1_000 - Date.now())).toBeLessThan(60_000);
  expect(versions.every(Number.isSafeInteger)).toBe(true);
});

it('is above every version that was seen', () => {
  const clock = new VersionClock();
  const seen = clock.next() + HOUR_MICROS;
  clock.saw(seen);
  expect(clock.next()).toBe(seen + 1);
  clock.saw(5);
  clock.saw(Number.MAX_VALUE);
  clock.saw(Number.NaN);
  expect(clock.next()).toBe(seen + 2);
});

it('follows the clock of PostgreSQL, whatever the own one says', () => {
  const clock = new VersionClock();
  const start = clock.now();
  clock.told(start - HOUR_MICROS);
  expect(clock.next()).toBeLessThan(start - HOUR_MICROS / 2);
  // The answer that was delayed least tells the time best.
  clock.told(start + HOUR_MICROS);
  clock.told(start);
  expect(clock.next()).toBeGreaterThanOrEqual(start + HOUR_MICROS);
});
