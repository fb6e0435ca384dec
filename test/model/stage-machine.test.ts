import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { setStage } from '../../src/migration/stages/index.ts';
import { tierKinds } from '../support/durable.ts';
import { checkEnd } from './stage-machine/check.ts';
import {
  type Act,
  aims,
  Follow,
  Move,
  remakes,
  Replay,
  storeIndex,
  Write,
  writes,
} from './stage-machine/commands.ts';
import { Attend, falls, MoveUntil, pairs, Sleep, sleeps, Wake, written } from './stage-machine/faults.ts';
import { type Model, type Stage, StoreModel } from './stage-machine/model.ts';
import { KINDS, type Rows, type TableKind } from './stage-machine/rows.ts';
import { World } from './stage-machine/world.ts';

const env = (name: string): string | undefined => process.env[`STOCKROOM_TEST_${name}`];
const isLong = env('LONG') === '1';
const RUNS = { server: isLong ? 300 : 12, embedded: isLong ? 30 : 2 };
const COMMANDS = isLong ? 30 : 16;
const TIMEOUT_MS = isLong ? 3_600_000 : 280_000;
/** Two files are fenced and given one after the other. */
const STEPS_AT_OLD_SIDE = 4;
/** What the last run may take beyond the time for all of them. */
const END_MS = 100_000;

/** Each several times, as often as it should come. */
const commands = fc.commands(
  [
    writes,
    writes,
    writes,
    writes,
    aims.map((aim) => new Move(aim)),
    aims.map((aim) => new Move(aim)),
    falls,
    falls,
    fc.constant(new Follow()),
    storeIndex.map((store) => new Replay(store)),
    fc.constant(new Attend()),
    sleeps,
    fc.constant(new Wake()),
    pairs,
    written,
    remakes,
  ],
  {
    maxCommands: COMMANDS,
    size: 'max',
    ...(env('REPLAY') === undefined ? {} : { replayPath: env('REPLAY')! }),
  },
);

const stores = fc.constantFrom(['context'], ['llm-costs'], ['context', 'llm-costs']);

/** Where the first store begins: what happens there would seldom be come to by chance. */
const starts = fc.constantFrom('legacy' as const, 'shadow' as const, 'live' as const);

/** A few rows in every table. */
function firstRows(): Map<TableKind, Rows> {
  return new Map(
    KINDS.map((kind, index) => [
      kind,
      new Map(['a', 'b', 'c'].map((name, place) => [name, 10 * index + place + 1])),
    ]),
  );
}

/** Plays a scenario on databases of its own, up to an end at which both sides are compared. */
async function play(
  kind: (typeof tierKinds)[number],
  names: readonly string[],
  start: Stage,
  acts: Iterable<fc.AsyncCommand<Model, World>>,
): Promise<void> {
  const first = firstRows();
  const world = await World.make(kind, first);
  try {
    const model = { stores: names.map((name) => new StoreModel(name, first)), next: 1000 };
    await new Move({ store: 0, to: start, ramp: undefined, forced: true }).run(model, world);
    await fc.asyncModelRun(() => ({ model, real: world }), acts);
    await checkEnd(model, world);
  } finally {
    await world.remove();
  }
}

const moveTo = (to: Stage): Move => new Move({ store: 0, to, ramp: undefined, forced: false });
const atAuthority = { store: 0, kind: 0, side: 'authority' } as const;

/** What was once lost, doubled or stuck, each with the moves that showed it. */
const found: readonly { what: string; stores: readonly string[]; start: Stage; acts: Act[] }[] = [
  {
    what: 'a replayer knows that the old side is no replica, and says so',
    stores: ['context'],
    start: 'shadow',
    acts: [new Replay(0)],
  },
  {
    what: 'a row that is made again under the number of one that came from the old side keeps its place there',
    stores: ['context'],
    start: 'live',
    acts: [
      new Write(atAuthority, 'replace number', 'c', 'b'),
      new Replay(0),
      new Write(atAuthority, 'put', 'b', 'b'),
      moveTo('ramp-down'),
      moveTo('legacy'),
    ],
  },
  {
    what: 'a replayer that wakes late does not write what it read over what is newer',
    stores: ['context'],
    start: 'live',
    acts: [
      new Write(atAuthority, 'put', 'a', 'a'),
      new Sleep(0, 'session'),
      new Write(atAuthority, 'put', 'a', 'a'),
      new Replay(0),
      new Wake(),
      new Follow(),
    ],
  },
  {
    what: 'a replayer that stops where it strikes off has written before',
    stores: ['context'],
    start: 'live',
    acts: [
      new Write(atAuthority, 'put', 'a', 'a'),
      new Sleep(0, 'struck'),
      new Write(atAuthority, 'put', 'b', 'b'),
      new Replay(0),
      new Wake(),
      new Follow(),
    ],
  },
];

/** Dies after each of its steps at the old side, there and back; the next mover or whoever follows settles it. */
function deaths(settler: 'mover' | 'attendant'): Act[] {
  const acts: Act[] = [];
  const settleTo = (to: Stage): Act =>
    settler === 'mover' ? new Move({ store: 0, to, ramp: undefined, forced: true }) : new Attend();
  for (let after = 0; after < STEPS_AT_OLD_SIDE; after++) {
    for (const to of ['live', 'legacy'] as const) {
      const aim = { store: 0, to, ramp: undefined, forced: true };
      acts.push(
        new MoveUntil(aim, { what: 'dies', counted: 'old side', after }),
        new Write({ store: 0, kind: 0, side: 'old' }, 'put', 'a', 'a'),
        new Write({ store: 0, kind: 1, side: 'new' }, 'put', 'b', 'b'),
        settleTo(to),
        new Write(atAuthority, 'put', 'c', 'c'),
        new Move(aim),
      );
    }
    acts.push(new Move({ store: 0, to: 'shadow', ramp: undefined, forced: true }));
  }
  return acts;
}

describe('the stage machine', () => {
  it.each(found.map((one) => [one.what, one] as const))('%s', (_what, { stores: names, start, acts }) =>
    play('server', names, start, acts),
  );

  it.each(['mover', 'attendant'] as const)('is settled by the next %s, wherever a mover dies', (settler) =>
    play('server', ['context'], 'shadow', deaths(settler)),
  );

  it('and a writer that has its table before it asks for the lock do not wait for one another', async () => {
    const world = await World.make('server', firstRows());
    const set = (to: Stage): Promise<unknown> => setStage({ tier: world.tier, store: 'llm-costs', to });
    try {
      await set('dual-write');
      await set('legacy');
      let failed: unknown;
      let moving: Promise<unknown> | undefined;
      const written = world.tier.transaction(async (session) => {
        await session.query('UPDATE llm_requests SET tokens_input = 0 WHERE false');
        moving = set('dual-write');
        moving.catch((error: unknown) => (failed = error));
        await vi.waitFor(async () => {
          expect(failed).toBeUndefined();
          const { rows } = await session.query(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'",
          );
          expect(rows).not.toEqual([]);
        }, 30_000);
        await session.query(
          "INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd) VALUES ('late', 1, 1, 0)",
        );
      });
      await expect(written).rejects.toMatchObject({ code: 'NOT_AUTHORITY' });
      await moving;
      expect((await world.control('llm-costs')).here).toMatchObject({ stage: 'dual-write' });
    } finally {
      await world.remove();
    }
  });
});

describe.each(tierKinds)('the stage machine, on PostgreSQL: %s', (kind) => {
  it(
    'loses no acknowledged write, whatever moves, faults and restarts there are',
    () =>
      fc.assert(
        fc.asyncProperty(stores, starts, commands, (names, start, acts) => play(kind, names, start, acts)),
        {
          numRuns: Number(env('RUNS') ?? RUNS[kind]),
          // A failure names its seed and path: STOCKROOM_TEST_SEED and STOCKROOM_TEST_PATH play it again, _SHRINK=1 shortens it.
          ...(env('SEED') === undefined ? {} : { seed: Number(env('SEED')) }),
          ...(env('PATH') === undefined ? {} : { path: env('PATH')! }),
          endOnFailure: env('SHRINK') !== '1',
          // On a slow machine fewer, rather than none.
          interruptAfterTimeLimit: TIMEOUT_MS - END_MS,
        },
      ),
    TIMEOUT_MS,
  );
});
