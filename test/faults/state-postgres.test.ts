import { beforeEach, describe, expect, it } from 'vitest';
import {
  type StateFlush,
  stateFlush,
  type StateRefused,
  stateRefused,
} from '../../src/core/state-diagnostics.ts';
import type { TcpProxy } from '../../src/testing/index.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { createHotState } from '../../src/tiers/state/index.ts';
import { kill } from '../support/signals.ts';
import { eventually, FAMILY, faultWorld, NEVER, numbered } from './state-support.ts';

describe('PostgreSQL', () => {
  const world = faultWorld();
  let proxy: TcpProxy;
  let durable: DurableTier;

  beforeEach(async () => {
    const through = await world.proxyTo(world.database.url);
    proxy = through.proxy;
    durable = await openServer({ url: through.url, schema: 'stockroom', poolMax: 2 });
    world.onClose(() => durable.close());
  });

  it('is away: puts go on, what Redis has is given, and a miss is an error', async () => {
    const here = await world.handle({ ...NEVER, lagMs: 20 }, { durable });
    await here.put(FAMILY, 'before', 1);
    await here.flush();
    proxy.refuse();
    await here.put(FAMILY, 'a', 1);
    expect(await here.get(FAMILY, 'a')).toBe(1);
    expect(await here.get(FAMILY, 'before')).toBe(1);
    await expect(here.get(FAMILY, 'missing')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(here.delete(FAMILY, 'missing')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(here.flush()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(here.list(FAMILY)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(await world.stored()).toEqual({ before: 1 });
    proxy.heal();
    await eventually(async () => expect(await world.stored()).toEqual({ before: 1, a: 1 }));
    await eventually(() => expect(here.lag().queued).toBe(0));
    expect(await here.get(FAMILY, 'missing')).toBeUndefined();
  });

  it('is away for long: puts wait when the queue is full, and none is dropped', async () => {
    const here = await world.handle({ lagMs: 20, queueMax: 10, batchMax: 5 }, { durable });
    proxy.refuse();
    let acknowledged = 0;
    const puts = numbered(30).map(async ([key, value]) => {
      await here.put(FAMILY, key, value);
      acknowledged += 1;
    });
    await eventually(() => expect(here.lag().queued).toBe(10));
    expect(acknowledged).toBe(10);
    proxy.heal();
    await Promise.all(puts);
    await here.flush();
    expect(await world.stored()).toEqual(Object.fromEntries(numbered(30)));
  });

  it('is away together with Redis: nothing is acknowledged', async () => {
    const here = await world.handle(NEVER, { durable });
    await here.put(FAMILY, 'a', 1);
    proxy.refuse();
    await kill(world.redis);
    await expect(here.put(FAMILY, 'b', 1)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await expect(here.get(FAMILY, 'b')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(await here.get(FAMILY, 'a')).toBe(1);
    proxy.heal();
  });

  it('is away when the state is closed: it says how much could not be written', async () => {
    const state = createHotState({
      hot: await world.hotTier(),
      durable,
      settings: { ...NEVER, closeMs: 200 },
    });
    await state.putMany(FAMILY, numbered(7));
    proxy.refuse();
    await expect(state.close()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('did not take 7 values'),
      details: { values: 7 },
    });
  });

  it('refuses one value: it fails alone and is told', async () => {
    const refused: StateRefused[] = [];
    const flushes: StateFlush[] = [];
    const stop = [
      stateRefused.subscribe((message) => refused.push(message)),
      stateFlush.subscribe((message) => flushes.push(message)),
    ];
    const here = await world.handle();
    await world.durable.query(
      `alter table hot_state add constraint no_bad check (value is distinct from '"bad"')`,
    );
    await here.putMany(FAMILY, [...numbered(20), ['bad', 'bad']]);
    await here.flush();
    await world.durable.query('alter table hot_state drop constraint no_bad');
    stop.forEach((end) => end());
    expect(await world.stored()).toEqual(Object.fromEntries(numbered(20)));
    expect(refused).toEqual([{ family: FAMILY, key: 'bad', sqlState: '23514' }]);
    expect(flushes).toMatchObject([{ rows: 20, failed: 1 }]);
    expect(here.lag().queued).toBe(0);
    expect(await here.get(FAMILY, 'bad')).toBe('bad');
  });
});
