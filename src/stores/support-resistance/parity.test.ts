import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OldDirectory } from '../../../test/support/old-directory.ts';
import { Migrations, sourceOf } from '../../../test/support/migrations.ts';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createCalendar } from '../../market/index.ts';
import { createSupportResistance, type SupportResistance } from './store.ts';

/** Levels that the old application computed and answered, digit by digit. */
const old = [
  {
    symbol: 'RELIANCE',
    timeframe_scope: 'Y',
    p: 1538.3366666666668,
    r1: 1895.5433333333335,
    r2: 2163.666666666667,
    r3: 2520.8733333333334,
    s1: 1270.2133333333336,
    s2: 913.0066666666669,
    s3: 644.8833333333337,
    computed_at_ist: '2026-11-23T01:58:36.331883+05:30',
  },
  {
    symbol: 'INFY',
    timeframe_scope: 'W',
    p: 358.86000000000007,
    r1: 363.0000000000001,
    r2: 369.55000000000007,
    r3: 373.6900000000001,
    s1: 352.3100000000001,
    s2: 348.1700000000001,
    s3: 341.6200000000001,
    computed_at_ist: '2026-11-23T01:58:36.603507+05:30',
  },
  {
    symbol: 'L&TFH',
    timeframe_scope: 'D',
    p: 307.5733333333333,
    r1: 313.68666666666667,
    r2: 316.75333333333333,
    r3: 322.8666666666667,
    s1: 304.50666666666666,
    s2: 298.3933333333333,
    s3: 295.32666666666665,
    computed_at_ist: '2026-11-23T01:58:36.624978+05:30',
  },
] as const;

describe.each(storeKinds)('migrated levels on the %s tiers', (kind) => {
  const directory = new OldDirectory().table('cache/top_picks_runs.db', 'support_resistance_levels', old);
  let stores: TestStores;
  let levels: SupportResistance;
  let now: Date;
  beforeAll(async () => {
    stores = await freshStores(kind);
    levels = createSupportResistance({
      ...stores,
      clock: () => now,
      calendar: createCalendar(),
      candles: async () => [],
    });
    const report = await new Migrations(stores.durable, directory).run();
    expect(sourceOf(report, 'support_resistance_levels')).toMatchObject({
      loaded: old.length,
      verified: true,
    });
  });
  afterAll(async () => {
    await stores.remove();
    directory.remove();
  });

  it.each(old)(
    'of $symbol and $timeframe_scope answer as they did',
    async ({ computed_at_ist: at, ...expected }) => {
      now = new Date('2026-11-23T06:00:00Z');
      const query = { symbol: expected.symbol.toLowerCase(), scope: expected.timeframe_scope };
      expect(await levels.get(query)).toEqual({
        ...expected,
        method: 'floor',
        r4: null,
        s4: null,
        computed_at: at.replace('23T01:58', '22T20:28').replace('+05:30', 'Z'),
        sessions: null,
        last_session: null,
        stale: false,
        stale_reason: null,
      });
      // In the next year they are stale, and given still.
      now = new Date('2027-01-05T06:00:00Z');
      expect(await levels.get(query)).toMatchObject({ ...expected, stale: true, stale_reason: 'NOT_FOUND' });
    },
  );
});
