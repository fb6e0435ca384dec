import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ground } from '../../src/migration/stages/ground.ts';
import { shadowReads } from '../../src/migration/stages/shadow.ts';
import { durableWith } from '../support/durable.ts';
import { type LastingPostgres, startLastingPostgres } from '../support/lasting-postgres.ts';
import { StageWorld, STORE } from '../support/stages.ts';

/** Longer than a shadow read waits. */
const SUSPENDED_MS = 2_500;
const FENCE_MS = 1_000;

describe('PostgreSQL fails a store in shadow that is to go live', () => {
  let postgres: LastingPostgres;
  let world: StageWorld;
  beforeEach(async () => {
    // What does not ask for it is not on the disk when it is committed: a crash shows whether the stages do.
    postgres = await startLastingPostgres({ synchronous_commit: 'off' });
    world = await StageWorld.open(postgres.url, { follow: false });
    for (const stage of ['dual-write', 'shadow'] as const) await world.move(stage);
  });
  afterEach(async () => {
    await world?.close();
    await postgres?.remove();
  });

  it('it crashes right after the old side gave: what it took last is there, and the move is finished', async () => {
    let hasCrashed = false;
    const tier = durableWith(world.tier, {
      transaction: async (work) => {
        if (world.oldFence()?.state === 'given' && !hasCrashed) {
          hasCrashed = true;
          await postgres.stop();
          await postgres.start();
        }
        return world.tier.transaction(work);
      },
    });
    const told = await world.tryMove('live', {
      tier,
      onStep: (text) => {
        if (text === 'fencing the old side') expect(world.writeOld()).toMatchObject({ code: 'ok' });
      },
    });
    expect([hasCrashed, told.code]).toEqual([true, expect.stringMatching(/^(?:ok|DATABASE_UNREACHABLE)$/)]);
    await world.move('live');
    await world.oneAuthority('live');
    await world.agree();
  });

  it('it is suspended while the old side is fenced: its writers are let in again', async () => {
    let done = false;
    const moving = world
      .tryMove('live', {
        fencePatienceMs: FENCE_MS,
        onStep: (text) => {
          if (text === 'fencing the old side') postgres.suspend();
        },
      })
      .finally(() => (done = true));
    await expect.poll(() => world.oldFence()?.state, { timeout: 10_000 }).toBe('fenced');
    await expect.poll(() => world.oldFence()?.state, { timeout: 10_000 }).toBe('open');
    expect([world.writeOld().code, done]).toEqual(['ok', false]);
    postgres.resume();
    expect(await moving).toMatchObject({ code: 'UNAVAILABLE' });
    await world.oneAuthority('shadow');
    await world.move('live');
    await world.oneAuthority('live');
    await world.agree();
  });

  it('it is suspended while shadow reads are made: they say nothing about the rows, and do not stay in the way', async () => {
    const { epoch } = (await world.newRow())!;
    let isSuspended = false;
    const tier = durableWith(world.tier, {
      session: (work) => {
        if (!isSuspended) {
          isSuspended = true;
          postgres.suspend();
          setTimeout(() => postgres.resume(), SUSPENDED_MS);
        }
        return world.tier.session(work);
      },
    });
    const counts = await shadowReads(
      await Ground.find({ tier: world.tier, store: STORE }).then((ground) => groundOn(ground, tier)),
      epoch,
      20,
    );
    expect(counts.timeout).toBeGreaterThan(0);
    await world.move('live');
    await world.oneAuthority('live');
    await world.agree();
  });
});

/** The same ground on a tier that fails. */
const groundOn = (ground: Ground, tier: Ground['tier']): Ground =>
  Object.create(ground, { tier: { value: tier } }) as Ground;
