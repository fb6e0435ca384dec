import { describe, expect, it } from 'vitest';
import { type Bounds, flatnessOf, type Sample, sampleOf } from './memory.ts';

const bounds: Bounds = {
  lifeMinMs: 100_000,
  floorLifeMinMs: 200_000,
  floorRatioMax: 1.2,
  rssMaxMb: 400,
  handlesMax: 5,
};

/** A sample a second. */
function life(
  seconds: number,
  heapMb: (at: number) => number,
  handles: (at: number) => number = () => 40,
): Sample[] {
  return Array.from({ length: seconds }, (_, at) => ({
    at: at * 1_000,
    rssMb: heapMb(at) + 90,
    handles: handles(at),
    heapMb: at % 5 === 0 ? heapMb(at) : undefined,
  }));
}

/** Filled up and collected every minute and a half. */
const saw = (at: number): number => (at % 90) * 1.5;

describe('the memory of a service', () => {
  it('is flat where its floor is, whatever collection does meanwhile', () => {
    const flat = flatnessOf(
      life(300, (at) => 60 + saw(at)),
      bounds,
    );
    expect(flat).toMatchObject({ isFlat: true, seconds: 299, floorMb: [60, 60] });
  });

  it('is not flat where the floor rises, though slowly', () => {
    const leak = flatnessOf(
      life(300, (at) => 60 + saw(at) + at * 0.2),
      bounds,
    );
    expect(leak).toMatchObject({ isFlat: false });
  });

  it('is not flat where it is more than a service may have', () => {
    expect(
      flatnessOf(
        life(120, () => 320),
        bounds,
      ),
    ).toMatchObject({ isFlat: false, floorMb: undefined });
  });

  it('is not flat where connections or files stay open', () => {
    const leak = life(
      300,
      () => 60,
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

  it.runIf(process.platform === 'linux')('is what the system says', () => {
    const sample = sampleOf(process.pid)!;
    expect(sample.rssMb).toBeGreaterThan(20);
    expect(sample.handles).toBeGreaterThan(2);
    expect(sampleOf(2 ** 22 + 1)).toBeUndefined();
  });
});
