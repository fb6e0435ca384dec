import type { HotTier } from '../tiers/hot/index.ts';
import { type BoundView, compareKey, standing } from '../tiers/views/index.ts';
import type { JobContext, JobDefinition } from './job.ts';

/** Keys of one view that are compared in one run. */
const SAMPLE_MAX = 50;
/** Keys that are looked for at once. */
const LOOKS_AT_ONCE = 50;

/**
 * Keeps the keys in Redis true: builds those that are worth having and are gone, compares a sample of the others with PostgreSQL and
 * corrects what differs, and reads the overrides of the market calendar again. Redis being away fails the run, and nothing else:
 * readers ask PostgreSQL meanwhile.
 */
export const refresh: JobDefinition = {
  name: 'refresh',
  title: 'build missing keys in Redis, and compare a sample of the others with PostgreSQL',
  time: { cron: '*/10 * * * *', zone: 'UTC' },
  limitMs: 300_000,
  // The next run is soon.
  retries: 0,
  retryDelayMs: 0,
  async run({ system, hot }, signal) {
    await system.calendar.reload();
    // Keys in the process are its own, and what runs here could look after those of one process of many only.
    if (hot.kind === 'in-process') return { skipped: 'the hot tier is in the process' };
    const did = { built: 0, compared: 0, corrected: 0 };
    for (const bound of system.views.all) {
      if (signal.aborted) break;
      did.built += await buildMissing(system, hot, bound, signal);
      const { compared, corrected } = await compareSample(system, hot, bound, signal);
      did.compared += compared;
      did.corrected += corrected;
    }
    return did;
  },
};

type Durable = Pick<JobContext['system'], 'durable'>;

async function buildMissing(
  { durable }: Durable,
  hot: HotTier,
  bound: BoundView<unknown>,
  signal: AbortSignal,
): Promise<number> {
  const ids = await bound.view.recent(durable);
  let built = 0;
  for (let from = 0; from < ids.length && !signal.aborted; from += LOOKS_AT_ONCE) {
    const some = ids.slice(from, from + LOOKS_AT_ONCE);
    const looks = await Promise.all(some.map((id) => hot.projections.read(bound.fullKey(id))));
    for (const [at, id] of some.entries()) {
      if (looks[at] !== undefined) continue;
      if (signal.aborted) break;
      await bound.refresh(id);
      // Of some PostgreSQL has nothing either.
      if ((await hot.projections.read(bound.fullKey(id))) !== undefined) built += 1;
    }
  }
  return built;
}

async function compareSample(
  { durable }: Durable,
  hot: HotTier,
  bound: BoundView<unknown>,
  signal: AbortSignal,
): Promise<{ compared: number; corrected: number }> {
  const sample = await sampleOf(hot, bound, signal);
  let corrected = 0;
  for (const key of sample) {
    if (signal.aborted) break;
    if ((await compareKey(hot, durable, bound, key)) === undefined) continue;
    await bound.refresh(key[1]);
    corrected += 1;
  }
  return { compared: sample.length, corrected };
}

/** Every key has the same chance to be in it, however many there are. */
async function sampleOf(
  hot: HotTier,
  bound: BoundView<unknown>,
  signal: AbortSignal,
): Promise<[key: string, id: unknown][]> {
  const sample: [string, unknown][] = [];
  let seen = 0;
  for await (const key of standing(hot, bound)) {
    if (signal.aborted) break;
    seen += 1;
    const place = seen <= SAMPLE_MAX ? seen - 1 : Math.floor(Math.random() * seen);
    if (place < SAMPLE_MAX) sample[place] = key;
  }
  return sample;
}
