import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LastingPostgres, startLastingPostgres } from '../support/lasting-postgres.ts';
import { authorityOf, FAULTY_STAGES, StageWorld } from '../support/stages.ts';

/** So long PostgreSQL is suspended. */
const SUSPENDED_MS = 1_500;

describe('PostgreSQL is away while a store is', () => {
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

  describe.each(FAULTY_STAGES)('in %s', (stage) => {
    const authority = authorityOf(stage);
    beforeAll(async () => {
      if (stage !== 'legacy') await world.move(stage);
    });

    it('stopped and started again: only lag while the old side is the authority', async () => {
      expect(await world.write(authority)).toMatchObject({ code: 'ok' });
      await postgres.stop();
      try {
        const old = [world.writeOld(), world.writeOld()];
        const here = await world.writeNew();
        expect(here.code).toMatch(/^(?:DATABASE_UNREACHABLE|UNAVAILABLE)$/);
        if (authority === 'old') expect(old.map(({ code }) => code)).toEqual(['ok', 'ok']);
        else expect(old[0]!.message).toContain('stockroom: the store llm-costs takes no writes');
        expect(await world.tryMove('legacy')).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
      } finally {
        await postgres.start();
      }
      if (authority === 'new') await world.repeatUnknown();
      expect(await world.write(authority)).toMatchObject({ code: 'ok' });
      await world.agree();
      if (stage !== 'legacy') await world.oneAuthority(stage);
    });

    it('suspended: callers are answered when it goes on', async () => {
      postgres.suspend();
      let pending: Promise<unknown> | undefined;
      try {
        if (authority === 'new') pending = world.writeNew();
        else expect(world.writeOld()).toMatchObject({ code: 'ok' });
        await new Promise((resolve) => setTimeout(resolve, SUSPENDED_MS));
        if (authority === 'old') expect(world.writeOld()).toMatchObject({ code: 'ok' });
      } finally {
        postgres.resume();
      }
      if (pending) expect(await pending).toMatchObject({ code: 'ok' });
      await world.agree();
      if (stage !== 'legacy') await world.oneAuthority(stage);
    });
  });
});
