import { describe, expect, it } from 'vitest';
import { Rate } from './rate.ts';
import { Ages } from './status.ts';

describe('how long changes wait', () => {
  it('is counted from the look that saw the oldest of them first', () => {
    const ages = new Ages();
    expect(ages.oldest(0n, 100)).toBeNull();
    ages.saw(10n, 100);
    ages.saw(10n, 150);
    ages.saw(25n, 200);
    expect(ages.oldest(0n, 400)).toBe(300);
    expect(ages.oldest(10n, 400)).toBe(200);
    expect(ages.oldest(24n, 500)).toBe(300);
    expect(ages.oldest(25n, 500)).toBeNull();
  });

  it('stays the age of the oldest however many looks there were', () => {
    const ages = new Ages();
    for (let at = 1; at <= 1000; at++) ages.saw(BigInt(at), at);
    expect(ages.oldest(0n, 1000)).toBe(999);
    expect(ages.oldest(1000n, 1000)).toBeNull();
  });
});

describe('the rate', () => {
  it('is that of the last seconds', () => {
    const rate = new Rate();
    expect(rate.of(0, 0)).toBe(0);
    expect(rate.of(1000, 1000)).toBe(1000);
    for (let at = 2000; at <= 20_000; at += 1000) rate.of(1000, at);
    expect(rate.of(1000, 21_000)).toBe(0);
  });
});
