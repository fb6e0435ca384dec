import { beforeAll, expect, it } from 'vitest';
import { requireBuilt } from '../e2e/process.ts';
import { FROZEN_MS } from './faults.ts';
import { type Bounds, flatnessOf } from './memory.ts';
import { reportOf } from './report.ts';
import { soak } from './soak.ts';

const SECONDS = Number(process.env['STOCKROOM_SOAK_SECONDS'] ?? 90);
/** A fault each; the long form has one a minute. */
const INTERVAL_MS = SECONDS >= 600 ? 60_000 : 15_000;
const INTERVALS = Math.max(1, Math.round((SECONDS * 1_000) / INTERVAL_MS));
/** Longer than this nobody is refused, whatever the fault; a PostgreSQL that is suspended answers nobody. */
const UNAVAILABLE_MAX_MS = 30_000 + (INTERVAL_MS > FROZEN_MS ? FROZEN_MS : 0);
/** Starting, and reading everything back; on a busy machine also the way back from faults. */
const AROUND_MS = 480_000;

/** The lives of the short form are too short for the floor of the heap: there a leak shows when it is big. */
const bounds: Bounds = {
  lifeMinMs: 60_000,
  floorLifeMinMs: 300_000,
  floorRatioMax: 1.2,
  rssMaxMb: 400,
  handlesMax: SECONDS >= 600 ? 10 : 20,
};

beforeAll(() => requireBuilt());

it(`loses nothing and tells nothing wrong in ${INTERVALS} intervals with a fault each`, {
  timeout: SECONDS * 2_000 + AROUND_MS,
}, async () => {
  const soaked = await soak({ intervals: INTERVALS, intervalMs: INTERVAL_MS, writers: 8, readers: 16 });
  process.stdout.write(`\n${reportOf(soaked, bounds)}\n`);
  expect(soaked.findings.wrong).toEqual([]);
  expect(soaked.verified).toMatchObject({ exit: 0, out: '' });
  expect(soaked.verified.keys).toBeGreaterThan(0);
  for (const { acknowledged, longestMs } of soaked.statistics.intervals) {
    expect(acknowledged).toBeGreaterThan(0);
    expect(longestMs).toBeLessThan(UNAVAILABLE_MAX_MS);
  }
  const measured = soaked.lives.map(({ samples }) => flatnessOf(samples, bounds)).filter((one) => one);
  if (process.platform === 'linux') expect(measured.length).toBeGreaterThan(0);
  for (const one of measured) expect(one).toMatchObject({ isFlat: true });
});
