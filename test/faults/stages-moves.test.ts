import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../../src/migration/stages/index.ts';
import { type LastingPostgres, startLastingPostgres } from '../support/lasting-postgres.ts';
import { authorityOf, StageWorld } from '../support/stages.ts';

/** Where PostgreSQL stops: a move, and the step of it that has just begun. From legacy to live, back, and forward again. */
const STEPS: readonly (readonly [to: Stage, step: string])[] = [
  ['dual-write', 'installing capture'],
  ['shadow', 'looking at the gates of shadow'],
  ['live', 'looking at the gates of live'],
  ['live', 'fencing the old side'],
  ['live', 'PostgreSQL takes over'],
  ['legacy', 'fencing PostgreSQL'],
  ['legacy', 'the old side takes over'],
  ['dual-write', 'catching up'],
  ['ramp-down', 'looking at the gates of ramp-down'],
];
const WAY: readonly Stage[] = ['legacy', 'dual-write', 'shadow', 'live', 'ramp-down'];

describe('PostgreSQL stops in the middle of a move', () => {
  let postgres: LastingPostgres;
  let world: StageWorld;
  beforeAll(async () => {
    postgres = await startLastingPostgres();
    world = await StageWorld.open(postgres.url);
  });
  afterAll(async () => {
    await world?.close();
    await postgres?.remove();
  });

  /** Where the move begins: the stage before, or live for a way back. */
  async function begin(to: Stage): Promise<void> {
    const from = to === 'legacy' ? 'live' : WAY[WAY.indexOf(to) - 1]!;
    const now = (await world.newRow())?.stage ?? 'legacy';
    if (now !== from && WAY.indexOf(now) >= WAY.indexOf(from)) await world.move('legacy');
    const left = WAY.slice(WAY.indexOf((await world.newRow())?.stage ?? 'legacy') + 1, WAY.indexOf(from) + 1);
    for (const stage of left) await world.move(stage);
  }

  it.each(STEPS)('to %s, when it says "%s": done or given up, and it can be repeated', async (to, step) => {
    await begin(to);
    const from = to === 'legacy' ? 'live' : WAY[WAY.indexOf(to) - 1]!;
    expect(await world.write(authorityOf(from))).toMatchObject({ code: 'ok' });
    let stopping: Promise<void> | undefined;
    const told = await world.tryMove(to, {
      onStep: (text) => {
        if (text === step) stopping ??= postgres.stop();
      },
    });
    expect(stopping).toBeDefined();
    await stopping;
    expect(told.code).toMatch(/^(?:ok|DATABASE_UNREACHABLE)$/);
    // The old side goes on without PostgreSQL, unless it has given: that was the decision.
    const state = world.oldFence()?.state ?? 'open';
    if (authorityOf(from) === 'old') {
      expect(state).not.toBe('fenced');
      if (state === 'open') expect(world.writeOld()).toMatchObject({ code: 'ok' });
    }
    if (state !== 'open') expect(world.writeOld().message).toContain('stockroom: the store');
    await postgres.start();
    await world.move(to);
    await world.oneAuthority(to);
    expect(await world.write(authorityOf(to))).toMatchObject({ code: 'ok' });
    await world.agree();
  });
});
