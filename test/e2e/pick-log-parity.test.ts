import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/market/index.ts';
import { runMigration } from '../../src/migration/index.ts';
import { exitInput } from '../../src/stores/pick-log/outcome-schema.ts';
import { picksQuery } from '../../src/stores/pick-log/schema.ts';
import { createPickLog, type PickLog } from '../../src/stores/pick-log/store.ts';
import { freshTier, type TestTier } from '../support/durable.ts';

const legacy = new URL('../../../shared/legacy/', import.meta.url);
const listAll = picksQuery.parse({ limit: '500' });

describe('picks and policies of a migrated directory', () => {
  let tier: TestTier;
  let log: PickLog;

  beforeAll(async () => {
    tier = await freshTier('server');
    const directory = new URL('generated', legacy).pathname;
    await runMigration({ tier: tier.durable, directory, stores: ['pick-log'] });
    log = createPickLog({ durable: tier.durable, calendar: createCalendar() });
  }, 120_000);
  afterAll(async () => {
    await log.close();
    await tier.remove();
  });

  it('the active policy is the one that the old application names', async () => {
    // Written by Python: what is looked for holds no NaN, which the rest of the file does.
    const text = readFileSync(new URL('generated.expected.json', legacy), 'utf8').replaceAll(
      /\bNaN\b/g,
      'null',
    );
    const expected = (JSON.parse(text) as Record<string, Record<string, unknown>>)['pick.active_policy']!;
    const times = Object.entries(await log.policies.active()).map(([name, value]) => [
      name,
      name.endsWith('_at') && typeof value === 'string' ? value.replace(/Z$/, '') : value,
    ]);
    const old = Object.entries(expected).map(([name, value]) => [
      name,
      name.endsWith('_at') && typeof value === 'string' ? value.replace(/Z$/, '') : value,
    ]);
    expect(Object.fromEntries(times)).toEqual(Object.fromEntries(old));
    const active = await log.policies.active({ as_of: '2026-11-22T20:28:32.930000Z' });
    expect(active.name).toBe('policy-0');
  });

  it('every pick is there with its contributions and outcomes', async () => {
    const { items, next_cursor } = await log.list(listAll);
    expect([items.length, next_cursor]).toEqual([156, null]);
    const outcomes = items.flatMap((pick) => pick.outcomes);
    expect(items.flatMap((pick) => pick.contributions)).toHaveLength(624);
    const tally: Record<string, number> = {};
    for (const { evaluation_horizon, outcome_label } of outcomes) {
      const name = `${evaluation_horizon} ${outcome_label}`;
      tally[name] = (tally[name] ?? 0) + 1;
    }
    expect(tally).toEqual({
      'EOD BREAKEVEN': 22,
      'EOD LOSS': 21,
      'EOD WIN': 35,
      'SCALPING BREAKEVEN': 6,
    });
    const pick = await log.get('b37eed513cee4893a0456d33200d7059');
    expect(pick).toMatchObject({ symbol: 'NIFTY 50', trade_date: '2026-11-09', legacy_id: 1 });
    expect(pick.outcomes).toMatchObject([
      { ret_close_pct: -1.3722407498652684, hit_target: false, hit_stop: true, capture_ratio: null },
    ]);
  });

  it('an exit that the old application applied closes no other pick', async () => {
    const { items } = await log.list(listAll);
    const closed = items.find(({ outcomes }) =>
      outcomes.some((each) => each.evaluation_horizon === 'SCALPING'),
    )!;
    const outcome = closed.outcomes.find((each) => each.evaluation_horizon === 'SCALPING')!;
    const exit = exitInput.parse({
      symbol: closed.symbol,
      entry_time: closed.signal_ts,
      entry_price: closed.signal_price,
      exit_time: outcome.horizon_end_ts,
      exit_price: outcome.price_close,
    });
    expect((await log.applyScalpingExits([exit])).items).toMatchObject([
      { result: 'repeated', pick_uuid: closed.pick_uuid },
    ]);
  });
});
