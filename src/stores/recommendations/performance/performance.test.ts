import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../../test/support/durable.ts';
import { performanceOf } from './performance.ts';
import { performance, performanceQuery } from './schema.ts';

/** symbol, mode, direction, return, score, confidence, exit, evaluated at, labels */
const rows = [
  [
    'TCS',
    'Swing',
    'LONG',
    4,
    80,
    'High',
    '2026-01-05T10:00:00Z',
    '2026-01-05T11:00:00Z',
    { mfe_pct: 5, mae_pct: -1 },
  ],
  ['INFY', 'Swing', 'SHORT', 2, 30, 'low', '2026-01-05T20:00:00Z', '2026-01-06T11:00:00Z', null],
  [
    'TCS',
    'Intraday',
    'LONG',
    -1,
    60,
    'High',
    '2026-01-06T10:00:00Z',
    '2026-01-06T11:00:00Z',
    { mfe_pct: 'x' },
  ],
  ['SBIN', 'Intraday', 'LONG', 3, 70, null, '2026-02-02T10:00:00Z', '2026-02-02T11:00:00Z', { mfe_pct: 1 }],
  ['SBIN', 'Intraday', 'LONG', Number.NaN, 70, null, '2026-02-02T10:00:00Z', '2026-02-02T11:00:00Z', null],
  ['SBIN', 'Intraday', 'LONG', null, 70, null, null, null, null],
] as const;

describe.each(tierKinds)('performance on the %s tier', (kind) => {
  let tier: TestTier;

  beforeAll(async () => {
    tier = await freshTier(kind);
    for (const [symbol, mode, direction, pnl, score, confidence, exit, evaluated, labels] of rows) {
      await tier.durable.query(
        `insert into ai_recommendations (symbol, mode, universe, source, recommendation, direction, generated_at, pnl_pct, score_blend,
           confidence, exit_time, evaluated_at, evaluated, labels, features)
         values ($1, $2, 'NIFTY50', 'test', 'Buy', $3, '2026-01-01T00:00:00Z', $4, $5, $6, $7, $8, $8::timestamptz is not null, $9,
           '{"scores": {"technical": 90, "risk": 20}}')`,
        [
          symbol,
          mode,
          direction,
          pnl,
          score,
          confidence,
          exit,
          evaluated,
          labels === null ? null : JSON.stringify(labels),
        ],
      );
    }
  });
  afterAll(() => tier.remove());

  const ask = async (query: Record<string, string> = {}) => {
    const answer = await performanceOf(tier.durable, performanceQuery.parse(query));
    // What the route may send.
    expect(performance.parse(answer)).toEqual(answer);
    return answer;
  };

  it('counts what is evaluated and has a return', async () => {
    const { overall, equity_curve, groups } = await ask();
    expect(overall).toMatchObject({
      n: 4,
      hit_rate: { value: 0.75, n: 4 },
      average_return_pct: { value: 2 },
      mfe_pct: { value: 3, n: 2, median: 3 },
      mae_pct: { value: -1, n: 1 },
    });
    // The exit at 20:00 UTC was on the next day in India.
    expect(equity_curve.map(({ day, return_pct, n }) => [day, return_pct, n])).toEqual([
      ['2026-01-05', 4, 1],
      ['2026-01-06', 0.5, 2],
      ['2026-02-02', 3, 1],
    ]);
    expect(equity_curve.at(-1)!.equity).toBeCloseTo(1.04 * 1.005 * 1.03, 12);
    expect(groups).toEqual([]);
  });

  it.each([
    [
      'mode',
      [
        ['Intraday', 2],
        ['Swing', 2],
      ],
    ],
    [
      'symbol',
      [
        ['TCS', 2],
        ['INFY', 1],
        ['SBIN', 1],
      ],
    ],
    [
      'confidence',
      [
        ['high', 2],
        [null, 1],
        ['low', 1],
      ],
    ],
    [
      'month',
      [
        ['2026-01', 3],
        ['2026-02', 1],
      ],
    ],
    [
      'week',
      [
        ['2026-W02', 3],
        ['2026-W06', 1],
      ],
    ],
    ['policy_version', [[null, 4]]],
    // The one sides with every rise, the other with the fall alone.
    [
      'agent',
      [
        ['technical', 3],
        ['risk', 1],
      ],
    ],
  ])('by %s', async (group_by, expected) => {
    const { groups } = await ask({ group_by });
    expect(groups.map(({ key, n }) => [key, n])).toEqual(expected);
  });

  it('as of a time knows no later evaluation, and filters', async () => {
    expect((await ask({ as_of: '2026-01-06T00:00:00Z' })).overall.n).toBe(1);
    expect((await ask({ mode: 'swing' })).overall.n).toBe(2);
    expect((await ask({ symbol: 'tcs', universe: 'nifty50', source: 'test' })).overall.n).toBe(2);
    expect((await ask({ from: '2026-01-02T00:00:00Z' })).overall).toMatchObject({
      n: 0,
      sharpe: { value: null },
    });
  });
});
