import { isDeepStrictEqual } from 'node:util';
import { pause } from '../core/wait.ts';
import type { HotTier, ProjectionContent } from '../tiers/hot/index.ts';
import { beginningOf } from '../tiers/views/view.ts';
import type { BoundView } from '../tiers/views/index.ts';
import type { JobContext, JobDefinition } from './job.ts';

/** Keys of one view that are compared in one run. */
const SAMPLE_MAX = 50;
/** A key that differs is looked at again: a write may be on its way. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 100;

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
  let built = 0;
  for (const id of await bound.view.recent(durable)) {
    if (signal.aborted) break;
    const key = bound.fullKey(id);
    if ((await hot.projections.read(key)) !== undefined) continue;
    await bound.refresh(id);
    // Of some PostgreSQL has nothing either.
    if ((await hot.projections.read(key)) !== undefined) built += 1;
  }
  return built;
}

async function compareSample(
  system: Durable,
  hot: HotTier,
  bound: BoundView<unknown>,
  signal: AbortSignal,
): Promise<{ compared: number; corrected: number }> {
  const sample = await sampleOf(hot, bound, signal);
  let corrected = 0;
  for (const [key, id] of sample) {
    if (signal.aborted) break;
    if (!(await differs(system, hot, bound, key, id))) continue;
    await bound.refresh(id);
    corrected += 1;
  }
  return { compared: sample.length, corrected };
}

/** Every key has the same chance to be in it, however many there are. */
async function sampleOf(
  hot: HotTier,
  { view }: BoundView<unknown>,
  signal: AbortSignal,
): Promise<[key: string, id: unknown][]> {
  const sample: [string, unknown][] = [];
  let seen = 0;
  let cursor: string | undefined;
  do {
    const page = await hot.scan(hot.prefix + beginningOf(view.pattern), cursor);
    for (const key of page.keys) {
      const id = view.idOf(key.slice(hot.prefix.length));
      if (id === undefined) continue;
      seen += 1;
      const place = seen <= SAMPLE_MAX ? seen - 1 : Math.floor(Math.random() * seen);
      if (place < SAMPLE_MAX) sample[place] = [key, id];
    }
    cursor = page.cursor;
  } while (cursor !== undefined && !signal.aborted);
  return sample;
}

async function differs(
  { durable }: Durable,
  hot: HotTier,
  { view }: BoundView<unknown>,
  key: string,
  id: unknown,
): Promise<boolean> {
  for (let looks = 1; ; looks += 1) {
    const found = await hot.projections.read(key);
    // Gone since the scan: nobody reads it.
    if (found === undefined) return false;
    const expected = (await view.build(durable, id))?.content;
    if (expected !== undefined && isDeepStrictEqual(inOrder(expected), inOrder(found))) return false;
    if (looks === LOOKS) return true;
    await pause(LOOK_AGAIN_MS);
  }
}

/** Members that stand in no order are put into one. */
function inOrder(content: ProjectionContent): unknown {
  if (content.kind === 'set') return { kind: content.kind, members: content.members.toSorted() };
  if (content.kind === 'hash') return { kind: content.kind, fields: { ...content.fields } };
  if (content.kind === 'text') return { kind: content.kind, text: content.text };
  const members = content.members.map(({ id, score }) => ({ id, score }));
  return { kind: content.kind, members: members.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}
