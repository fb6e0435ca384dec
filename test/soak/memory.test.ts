import { describe, expect, it } from 'vitest';
import { type Bounds, flatnessOf, growthOf, type Sample, sampleOf } from './memory.ts';

const bounds: Bounds = { lifeMinMs: 100_000, growthMax: 0.1, ratioMax: 1.2, handlesMax: 5 };

/** A sample a second. */
function life(
  seconds: number,
  rssMb: (at: number) => number,
  handles: (at: number) => number = () => 40,
): Sample[] {
  return Array.from({ length: seconds }, (_, at) => ({
    at: at * 1_000,
    rssMb: rssMb(at),
    handles: handles(at),
  }));
}

describe('the memory of a service', () => {
  it('is flat after it warmed up, whatever collection does to it', () => {
    const warm = life(300, (at) => Math.min(200, 100 + at * 2) + (at % 20));
    expect(flatnessOf(warm, bounds)).toMatchObject({ isFlat: true, seconds: 299 });
  });

  it('is not flat where it grows without end, though slowly', () => {
    const leak = flatnessOf(
      life(300, (at) => 200 + at * 0.2 + (at % 20)),
      bounds,
    );
    expect(leak).toMatchObject({ isFlat: false });
    expect(leak!.growth).toBeCloseTo(0.16, 1);
  });

  it('is not flat where connections or files stay open', () => {
    const leak = life(
      300,
      () => 200,
      (at) => 40 + Math.floor(at / 10),
    );
    expect(flatnessOf(leak, bounds)).toMatchObject({ isFlat: false, handles: [59, 69] });
  });

  it('says nothing about a short life', () => {
    expect(
      flatnessOf(
        life(90, () => 200),
        bounds,
      ),
    ).toBeUndefined();
    expect(flatnessOf([], bounds)).toBeUndefined();
  });

  it('grows by what the line through it says', () => {
    expect(growthOf(life(101, (at) => 100 + at))).toBeCloseTo(100 / 150);
    expect(growthOf(life(1, () => 100))).toBe(0);
  });

  it.runIf(process.platform === 'linux')('is what the system says', () => {
    const sample = sampleOf(process.pid)!;
    expect(sample.rssMb).toBeGreaterThan(20);
    expect(sample.handles).toBeGreaterThan(2);
    expect(sampleOf(2 ** 22 + 1)).toBeUndefined();
  });
});
