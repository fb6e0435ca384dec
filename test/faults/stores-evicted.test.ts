import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStores, type StoreSystem } from '../../src/system/stores.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import type { HotTier } from '../../src/tiers/hot/index.ts';
import { standing } from '../../src/tiers/views/audit.ts';
import { verifyView } from '../../src/tiers/views/index.ts';
import { withRedis } from '../support/redis-commands.ts';
import { freshStores, type TestStores } from '../support/stores.ts';
import { read, reads, sorted } from './stores-evicted/reads.ts';
import { type Told, write, writes } from './stores-evicted/writes.ts';

const LONG = process.env['STOCKROOM_TEST_LONG'] === '1';
const RUNS = LONG ? 60 : 12;
const STEPS = 40;
/** Evictions in the time of one write. */
const MEANWHILE_MAX = 10;

/** Which keys Redis loses: all, or one that matches. */
const losses = { all: undefined, key: '*', note: 'note:*', epoch: 'epoch:*' };

const choice = fc.record({ which: fc.nat(2), what: fc.nat(7) });
const eviction = fc.record({
  // Not all of them often: what is to be wrong later has to stand there for a while.
  loses: fc.oneof(
    { weight: 5, arbitrary: fc.constant<keyof typeof losses>('key') },
    { weight: 2, arbitrary: fc.constantFrom<keyof typeof losses>('note', 'epoch') },
    { weight: 1, arbitrary: fc.constant<keyof typeof losses>('all') },
  ),
  at: fc.nat(1_000),
  /** Else after the write. */
  meanwhile: fc.boolean(),
});
const step = fc.record({
  write: fc.constantFrom(...names(writes)),
  of: choice,
  eviction: fc.option(eviction, { freq: 2 }),
  read: fc.constantFrom(...names(reads), 'key', 'key', 'key'),
  asked: choice,
});
type Eviction = typeof eviction extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

let tiers: TestStores;
let system: StoreSystem;
/** Over the same PostgreSQL; what is in the process is passed by where others may write too. */
let referenceHot: HotTier;
let reference: StoreSystem;

beforeAll(async () => {
  tiers = await freshStores('server');
  system = await openStores({ durable: tiers.durable, hot: tiers.hot });
  referenceHot = createInProcessTier({ prefix: 'stockroom:' });
  reference = await openStores({ durable: tiers.durable, hot: referenceHot });
});
afterAll(async () => {
  await reference?.close();
  await referenceHot?.close();
  await system?.close();
  await tiers?.remove();
});

it(
  'whatever Redis loses and whenever, every answer is that of PostgreSQL, and every key is right',
  async () => {
    const told: Told = { recommendations: [], runs: [], picks: [] };
    let lost = 0;
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
        for (const one of steps) {
          lost += await take(one, told);
          const answers = [system, reference].map((side) => read(side, one.read, one.asked, told));
          const [found, expected] = await Promise.all(answers);
          expect(found).toEqual(expected);
        }
        compared += await verifyAll();
      }),
      // What stands there is of the runs before too: shrinking would show another run.
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(lost).toBeGreaterThan(RUNS);
    expect(compared).toBeGreaterThan(RUNS * 10);
    await loseOneByOne();
  },
  LONG ? 600_000 : 120_000,
);

/** @returns how many keys were evicted */
async function take(one: Step, told: Told): Promise<number> {
  const writing = write(system.stores, one.write, one.of, told);
  if (one.eviction === null) return writing.then(() => 0);
  if (!one.eviction.meanwhile) await writing;
  const state = { ended: false };
  const ending = writing.finally(() => {
    state.ended = true;
  });
  let lost = 0;
  for (let times = 0; times === 0 || (!state.ended && times < MEANWHILE_MAX); times += 1) {
    lost += await evict(one.eviction);
  }
  await ending;
  return lost;
}

function evict({ loses, at }: Eviction): Promise<number> {
  return withRedis(tiers.redis!.port, async (send) => {
    if (loses === 'all') {
      const keys = await send<number>('DBSIZE');
      await send('FLUSHALL');
      return keys;
    }
    const pattern = `stockroom:${losses[loses]}`;
    const [, keys] = await send<[string, string[]]>('SCAN', '0', 'MATCH', pattern, 'COUNT', '10000');
    return keys.length === 0 ? 0 : send<number>('UNLINK', keys[at % keys.length]!);
  });
}

/** @returns how many keys stand in Redis */
async function verifyAll(): Promise<number> {
  let keys = 0;
  for (const bound of system.views.all) {
    const report = await verifyView(tiers.hot, tiers.durable, bound);
    expect(report.differences).toEqual([]);
    keys += report.keys;
  }
  return keys;
}

/** Each key that stands there, and each that there could be, goes and comes again. */
async function loseOneByOne(): Promise<void> {
  let lost = 0;
  for (const bound of system.views.all) {
    for (const id of await bound.view.recent(tiers.durable)) await bound.read(id);
    for await (const [key, id] of standing(tiers.hot, bound)) {
      const before = sorted(await bound.read(id));
      expect(await tiers.ask('UNLINK', key), key).toBe(1);
      expect(sorted(await bound.read(id)), key).toEqual(before);
      expect(await tiers.ask('EXISTS', key), key).toBe(1);
      lost += 1;
    }
  }
  const patterns = system.views.all.map(({ view }) => view.pattern);
  expect(patterns.length).toBeGreaterThan(10);
  expect(lost).toBeGreaterThan(patterns.length);
  expect(await verifyAll()).toBeGreaterThanOrEqual(lost);
}

function names<T extends object>(of: T): (keyof T)[] {
  return Object.keys(of) as (keyof T)[];
}
