import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { type HotTier, openHot } from '../../src/tiers/hot/index.ts';
import { createHotState, type HotState } from '../../src/tiers/state/index.ts';
import { freshTier } from '../support/durable.ts';
import { askRedis } from '../support/redis-commands.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { kill } from '../support/signals.ts';

const PROCESSES = 3;
const LIFE_MS = 600_000;
const fast = { timeoutMs: 400, slowMs: 300, reconnectMaxMs: 50, breakerMinMs: 50, breakerMaxMs: 50 };

/** What one key should be, and what a process may still see of the past that does not know better. */
interface Known {
  value: number | undefined;
  /** Who wrote it last. */
  by: number;
  readonly past: Set<number | undefined>;
}

interface Model {
  readonly keys: Map<string, Known>;
  redisRuns: boolean;
  writes: number;
}

interface Real {
  readonly family: string;
  readonly hots: readonly HotTier[];
  readonly states: readonly HotState[];
}

type Command = fc.AsyncCommand<Model, Real>;

let redis: Server;

const process = fc.nat({ max: PROCESSES - 1 });
const key = fc.constantFrom('a', 'b');

function command(shown: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => shown };
}

function knownOf(model: Model, name: string): Known {
  const known = model.keys.get(name) ?? { value: undefined, by: 0, past: new Set() };
  model.keys.set(name, known);
  return known;
}

function wrote(known: Known, by: number, value: number | undefined): void {
  known.past.add(known.value);
  known.value = value;
  known.by = by;
}

/** What everybody must see; with the last write only in a queue and perhaps in a lost Redis, others may see what was before. */
function expectSeen(found: unknown, known: Known, by: number, { states }: Real): void {
  const behind = states[known.by]!.lag().queued > 0 && known.by !== by;
  if (behind) expect([known.value, ...known.past]).toContain(found);
  else expect(found).toBe(known.value);
}

const put = fc.tuple(process, key, fc.boolean()).map(([by, name, mortal]) =>
  command(`${by}.put(${name})`, async (model, { family, states }) => {
    const value = (model.writes += 1);
    await states[by]!.put(family, name, value, mortal ? { lifeMs: LIFE_MS } : {});
    wrote(knownOf(model, name), by, value);
  }),
);

const remove = fc.tuple(process, key).map(([by, name]) =>
  command(`${by}.delete(${name})`, async (model, { family, states }) => {
    await states[by]!.delete(family, name);
    wrote(knownOf(model, name), by, undefined);
  }),
);

const get = fc.tuple(process, key).map(([by, name]) =>
  command(`${by}.get(${name})`, async (model, real) => {
    expectSeen(await real.states[by]!.get(real.family, name), knownOf(model, name), by, real);
  }),
);

const touch = fc.tuple(process, key).map(([by, name]) =>
  command(`${by}.touch(${name})`, async (model, real) => {
    const known = knownOf(model, name);
    const queued = real.states[known.by]!.lag().queued > 0;
    const found = await real.states[by]!.touch(real.family, name, LIFE_MS);
    if (!queued || known.by === by) expect(found).toBe(known.value !== undefined);
  }),
);

const flush = process.map((by) => command(`${by}.flush()`, (_, { states }) => states[by]!.flush()));

const evict = key.map((name) =>
  command(`evict(${name})`, async (model, { family, hots }) => {
    if (model.redisRuns) await askRedis(redis.port, 'DEL', `${hots[0]!.prefix}state:${family}:${name}`);
  }),
);

const stop = fc.constant(
  command('kill Redis', async (model) => {
    if (model.redisRuns) await kill(redis);
    model.redisRuns = false;
  }),
);

const start = fc.constant(command('start Redis', begin));

async function begin(model: Model, { hots }: Pick<Real, 'hots'>): Promise<void> {
  if (!model.redisRuns) redis = await startRedis([], { port: redis.port });
  model.redisRuns = true;
  await vi.waitFor(() => expect(hots.map((hot) => hot.state().state)).toEqual(hots.map(() => 'up')), {
    timeout: 20_000,
    interval: 10,
  });
}

it('is the same everywhere once everything is flushed, whatever happened to Redis', {
  timeout: 240_000,
}, async () => {
  const tier = await freshTier('server');
  const { durable } = tier;
  redis = await startRedis();
  const hots = await Promise.all(
    Array.from({ length: PROCESSES }, () => openHot({ redis: redis.url, settings: fast })),
  );
  const settings = { lagMs: 600_000, unconfirmedMs: 600_000 };
  let families = 0;
  const commands = fc.commands(
    [put, put, put, remove, get, get, touch, flush, flush, evict, evict, stop, start].map((one) =>
      one.map((made): Command => made),
    ),
    { maxCommands: 40 },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const states = hots.map((hot) => createHotState({ hot, durable, settings }));
      const real: Real = { family: `model-${(families += 1)}`, hots, states };
      const model: Model = { keys: new Map(), redisRuns: true, writes: 0 };
      await begin(model, real);
      try {
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        await begin(model, real);
        for (const state of states) await state.flush();
        for (const [name, { value }] of model.keys) {
          const { rows } = await durable.query<{ value: number | null }>(
            'select value from hot_state where family = $1 and key = $2 and not deleted',
            [real.family, name],
          );
          expect(rows[0]?.value).toBe(value);
          for (const state of states) expect(await state.get(real.family, name)).toBe(value);
        }
      } finally {
        await begin(model, real);
        for (const state of states) await state.close();
      }
    }),
    { numRuns: globalThis.process.env['STOCKROOM_TEST_LONG'] === '1' ? 200 : 25, endOnFailure: true },
  );
  for (const hot of hots) await hot.close();
  await tier.remove();
  await redis.stop();
});
