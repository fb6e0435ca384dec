import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtInSources, parseTimezones, type Report, verifyMigration } from '../../src/migration/index.ts';
import { freshTier, type TestTier } from '../support/durable.ts';
import { definitionOf, type Row } from '../support/hostile/kit.ts';
import { Migrations, sourceOf, warningsOf } from '../support/migrations.ts';
import { OldDirectory, REQUESTS, requests } from '../support/old-directory.ts';

let test: TestTier;
let old: OldDirectory;
let here: Migrations;
beforeEach(async () => {
  test = await freshTier('server');
  old = new OldDirectory();
  here = new Migrations(test.durable, old);
});
afterEach(async () => {
  old.remove();
  await test.remove();
});

const clockAt = (time: string) => () => new Date(time);
const counts = (report: Report, id: string): unknown[] => {
  const { read, loaded, skipped, skipped_reason } = sourceOf(report, id);
  return [read, loaded, skipped, skipped_reason];
};

const llm = (report: Report): unknown[] => counts(report, 'llm_requests');

describe('what is over by the clock', () => {
  const CONTEXT = 'cache/context.db';
  const candle = (time: string): string => `{"time": "${time}", "open": 1.5, "close": NaN}`;
  beforeEach(() => {
    const memory = (id: number, expires: string | null): Row => ({
      id,
      context_type: 't',
      key: `k${id}`,
      value: '1',
      expires_at: expires,
    });
    old
      .table(CONTEXT, 'context_memory', [
        memory(1, null),
        memory(2, '2026-01-09 12:00:00'),
        memory(3, '2026-01-09 14:00:00'),
      ])
      .write(
        'data/global_scores/score_cache.json',
        '{"timestamp": "2026-01-09T06:00:00Z", "ttl_hours": 6, "scores": {"TCS": {}, "M&M": {}}}',
      )
      .write('cache/quotes.json', '{"timestamp": "2026-01-01T12:00:00", "data": {"a": 1}}')
      .write(
        '.cache/historical/TCS_5m_0123456789ab.json',
        `{"data": [${candle('2026-01-08T15:25:00+05:30')}, ${candle('2026-01-09T10:00:00+05:30')}], "row_count": 2, "columns": ["time"]}`,
      )
      .write(
        '.cache/historical/metadata.json',
        '{"TCS_5m_0123456789ab": {"symbol": "TCS", "interval": "5m", "source": "yahoo", "cached_at": "2026-01-09T05:00:00"}}',
      );
  });
  const candles = (): Promise<unknown[]> =>
    here.values(`SELECT c->>'time' FROM price_history, jsonb_array_elements(candles) c`);
  const FRESH = ['2026-01-09T05:59:59Z', [3, 3, 0, null], [2, 2, 0, null], [1, 1, 0, null], 2] as const;
  const OVER = [
    '2026-01-09T12:00:00Z',
    [3, 2, 1, 'expired'],
    [2, 0, 2, 'expired'],
    [1, 0, 1, 'expired'],
    1,
  ] as const;

  it.each([FRESH, OVER])('at %s', async (now, memory, scores, cache, kept) => {
    const report = await here.run({ clock: clockAt(now) });
    expect(counts(report, 'context_memory')).toEqual(memory);
    expect(counts(report, 'global_scores')).toEqual(scores);
    expect(counts(report, 'general_cache')).toEqual(cache);
    expect(counts(report, 'price_history')).toEqual([1, 1, 0, null]);
    expect(await candles()).toHaveLength(kept);
    // The candles of a session that was still open are left out, and their bytes are kept.
    const [original] = await here.values<Uint8Array>(
      `SELECT bytes FROM migration_originals WHERE "column" = 'candles'`,
    );
    expect(Buffer.from(original!).toString()).toContain('10:00:00+05:30');
    expect(report.exit).toBe(0);
  });

  it('stays when it was loaded while it was fresh', async () => {
    const first = await here.run({ clock: clockAt(FRESH[0]) });
    const written = await here.written();
    const later = await here.run({ clock: clockAt(OVER[0]) });
    for (const id of ['context_memory', 'global_scores', 'general_cache']) {
      expect(counts(later, id)).toEqual(counts(first, id));
    }
    expect(later.exit).toBe(0);
    expect((await here.written())['hot_state']).toEqual(written['hot_state']);
    expect(
      (await verifyMigration({ tier: test.durable, directory: old.path, clock: clockAt(OVER[0]) })).exit,
    ).toBe(0);
  });

  it('is judged in the zone that was given for it', async () => {
    // 14:00 in India was 08:30 UTC.
    const timezones = parseTimezones(['context_memory.expires_at=Asia/Kolkata'], builtInSources);
    const report = await here.run({ clock: clockAt('2026-01-09T08:00:00Z'), timezones });
    expect(counts(report, 'context_memory')).toEqual([3, 2, 1, 'expired']);
  });
});

describe('a zone that was given', () => {
  it('corrects every time of its column, is counted, and remembered by later runs and proofs', async () => {
    old.requests(3).change(`UPDATE llm_requests SET created_at = '2026-01-09T10:00:00+01:00' WHERE id = 3`);
    const times = (): Promise<unknown[]> =>
      here.values('SELECT created_at FROM llm_requests ORDER BY legacy_id');
    await here.run();
    expect(await times()).toEqual([
      '2026-01-09T10:00:00.000000Z',
      '2026-01-09T10:00:00.000000Z',
      '2026-01-09T09:00:00.000000Z',
    ]);
    const timezones = parseTimezones(['llm_requests.created_at=Asia/Kolkata'], builtInSources);
    const report = await here.run({ timezones });
    expect(report.warnings).toContainEqual(
      expect.objectContaining({
        code: 'TIMEZONE_APPLIED',
        source: 'llm_requests',
        column: 'created_at',
        rows: 2,
        offset_minutes: 330,
      }),
    );
    expect(warningsOf(report)).toContain('SOURCE_UPDATED llm_requests 2');
    const corrected = [
      '2026-01-09T04:30:00.000000Z',
      '2026-01-09T04:30:00.000000Z',
      '2026-01-09T09:00:00.000000Z',
    ];
    expect(await times()).toEqual(corrected);
    const originals = await here.rows<{ key: string; bytes: Uint8Array }>(
      'SELECT key, bytes FROM migration_originals ORDER BY key',
    );
    expect(originals.map(({ key, bytes }) => [key, Buffer.from(bytes).toString()])).toEqual([
      ['1', '2026-01-09 10:00:00'],
      ['2', '2026-01-09 10:00:00'],
    ]);
    const later = await here.run();
    expect(warningsOf(later)).toEqual(['TIMEZONE_APPLIED llm_requests 2']);
    expect(await times()).toEqual(corrected);
    expect((await verifyMigration({ tier: test.durable, directory: old.path })).exit).toBe(0);
  });

  it.each([
    ['llm_requests', 'expects SOURCE.COLUMN=ZONE'],
    ['llm_request.created_at=UTC', 'there is no source llm_request'],
    ['llm_requests.model=UTC', 'has no time column model'],
    ['llm_requests.created_at=India', 'is no zone'],
  ])('%s is refused', (given, message) => {
    expect(() => parseTimezones([given], builtInSources)).toThrow(message);
  });
});

it('runs of the top picks can only be added to, except by the migration itself', async () => {
  const run = {
    run_id: 'u:Swing:2026-01-09T10:00:00',
    universe: 'u',
    mode: 'Swing',
    generated_at_utc: '2026-01-09T10:00:00',
    trigger: 't',
    payload: '[]',
  };
  old.table('cache/top_picks_runs.db', 'top_picks_runs', [
    { id: 1, ...run },
    { id: 2, ...run },
  ]);
  await here.run();
  for (const sql of [
    `UPDATE top_picks_runs SET mode = 'x'`,
    'DELETE FROM top_picks_runs',
    'TRUNCATE top_picks_runs',
  ]) {
    await expect(here.rows(sql)).rejects.toThrow('append-only');
  }
  old.change(`UPDATE top_picks_runs SET payload = '[1]' WHERE id = 2`, 'cache/top_picks_runs.db');
  const report = await here.run();
  expect(warningsOf(report)).toEqual(['SOURCE_UPDATED top_picks_runs 1']);
  expect(await here.values('SELECT payload FROM top_picks_runs ORDER BY legacy_id')).toEqual([[], [1]]);
  await expect(here.rows('DELETE FROM top_picks_runs')).rejects.toThrow('append-only');
});

describe('policies of which several are active', () => {
  const FILE = 'cache/ai_recommendations.db';
  const policy = (id: number, status: string, activated: string | null): Row => {
    const time = '2026-01-01T00:00:00';
    return {
      id,
      policy_id: `p${id}`,
      name: 'n',
      created_at: time,
      updated_at: time,
      status,
      config_json: '{}',
      activated_at: activated,
    };
  };
  const states = (): Promise<unknown[]> => here.values('SELECT status FROM rl_policies ORDER BY legacy_id');

  it('load with the one activated last as the only one', async () => {
    old.table(FILE, 'rl_policies', [
      policy(1, 'ACTIVE', '2026-01-02T00:00:00'),
      policy(2, 'ACTIVE', '2026-01-03T00:00:00+05:30'),
      policy(3, 'ACTIVE', '2026-01-02 20:00:00'),
      policy(4, 'DRAFT', null),
    ]);
    const report = await here.run();
    expect(await states()).toEqual(['RETIRED', 'RETIRED', 'ACTIVE', 'DRAFT']);
    expect([warningsOf(report), sourceOf(report, 'rl_policies').altered, report.exit]).toEqual([
      ['SEVERAL_ACTIVE rl_policies 2'],
      2,
      0,
    ]);
    const kept = await here.rows<{ key: string; bytes: Uint8Array }>(
      'SELECT key, bytes FROM migration_originals ORDER BY key',
    );
    expect(kept.map(({ key, bytes }) => [key, Buffer.from(bytes).toString()])).toEqual([
      ['1', 'ACTIVE'],
      ['2', 'ACTIVE'],
    ]);
  });

  it.each([
    ['an older one', 2, 1],
    ['a newer one', 1, 2],
  ])('follow the source when it activates %s', async (_, from, to) => {
    old.table(
      FILE,
      'rl_policies',
      [1, 2].map((id) =>
        policy(id, id === from ? 'ACTIVE' : 'DRAFT', id === from ? '2026-01-02T00:00:00' : null),
      ),
    );
    await here.run();
    old.change(
      `UPDATE rl_policies SET status = 'RETIRED' WHERE id = ${from};
       UPDATE rl_policies SET status = 'ACTIVE', activated_at = '2026-01-05T00:00:00' WHERE id = ${to}`,
      FILE,
    );
    const report = await here.run();
    expect([warningsOf(report), report.exit]).toEqual([['SOURCE_UPDATED rl_policies 2'], 0]);
    expect(await states()).toEqual(to === 1 ? ['ACTIVE', 'RETIRED'] : ['RETIRED', 'ACTIVE']);
  });
});

it('a second directory with files of the same names never touches the first', async () => {
  old
    .requests(3)
    .table('cache/context.db', 'user_preferences', [{ id: 1, user_id: 'u', pref_key: 'k', pref_value: '1' }]);
  await here.run();
  const first = await here.rows('SELECT * FROM llm_requests ORDER BY legacy_id');
  const other = new OldDirectory();
  try {
    other.table(
      REQUESTS,
      'llm_requests',
      requests(4).map((row) => ({ ...row, cost_usd: 8 })),
    );
    other.table(
      'cache/context.db',
      'user_preferences',
      [{ id: 1, user_id: 'u', pref_key: 'k', pref_value: '2' }],
      definitionOf('user_preferences'),
    );
    const early = await verifyMigration({ tier: test.durable, directory: other.path });
    expect(early.exit).toBe(4);
    const warnings = early.warnings.filter(({ code }) => code === 'OTHER_DIRECTORY');
    expect(warnings).toEqual([expect.objectContaining({ detail: expect.stringContaining(old.path) })]);
    const report = await here.run({ directory: other.path });
    expect(llm(report)).toEqual([4, 4, 0, null]);
    for (const directory of [old.path, other.path])
      expect((await verifyMigration({ tier: test.durable, directory })).warnings).not.toContainEqual(
        expect.objectContaining({ code: 'OTHER_DIRECTORY' }),
      );
    // One user has one preference of a name: the one that was here first.
    expect(sourceOf(report, 'user_preferences')).toMatchObject({
      read: 1,
      loaded: 0,
      quarantined: 1,
      quarantine_reasons: { DUPLICATE_KEY: 1 },
    });
    expect(
      await here.rows(`SELECT * FROM llm_requests WHERE legacy_source = '${REQUESTS}' ORDER BY legacy_id`),
    ).toEqual(first);
    expect(await here.values('SELECT pref_value FROM user_preferences')).toEqual([1]);
    expect([llm(await here.run()), llm(await here.run({ directory: other.path }))]).toEqual([
      [3, 3, 0, null],
      [4, 4, 0, null],
    ]);
    expect(await here.values('SELECT count(*) FROM llm_requests')).toEqual([7n]);
  } finally {
    other.remove();
  }
});

it('an old directory without anything in it says what was looked for', async () => {
  await expect(here.run()).rejects.toMatchObject({ code: 'NOTHING_TO_MIGRATE' });
  old.write(REQUESTS, 'x');
  expect(await here.run()).toMatchObject({ exit: 3, unreadable: [{ file: REQUESTS }] });
});
