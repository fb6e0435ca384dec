import { describe, expect, it } from 'vitest';
import { familiesOf } from '../../console/src/pages/cache/key-families.ts';
import { type Alert, alertsOf } from '../../console/src/pages/overview/alerts.ts';
import { contributionsOf, latestRuns, pickOf, picksIn } from '../../console/src/pages/picks/picks.ts';
import { rangeOf, timesOf } from '../../console/src/pages/prices/ranges.ts';
import { daysOf } from '../../console/src/pages/spend/days.ts';

describe('alerts of the overview', () => {
  const health = {
    status: 'ok' as const,
    version: '0.1.0',
    uptime_seconds: 1,
    tiers: {
      durable: {
        state: 'up' as const,
        kind: 'server' as const,
        location: 'db:5432',
        schema: 'stockroom',
        latency_ms: 1,
        server_version: '17.2',
        survives_power_cut: true,
        detail: null,
      },
      hot: {
        state: 'up' as const,
        kind: 'redis' as const,
        topology: 'standalone',
        location: 'redis:6379',
        latency_ms: 1,
        server_version: '7.2.4',
        breaker: 'closed' as const,
        invalidation: 'tracking',
        detail: null,
      },
    },
  };
  const period = {
    period: 'day' as const,
    starts: '2026-11-30T00:00:00Z',
    spent_usd: '6',
    budget_usd: '5',
    remaining_usd: '-1',
    percentage_used: 120,
    unpriced_requests: 0,
    held_usd: '0',
  };
  const budgets = (status: 'OK' | 'WARNING' | 'EXCEEDED') => ({
    as_of: '2026-11-30T07:00:00Z',
    items: [
      {
        scope: 'all',
        daily_usd: '5',
        monthly_usd: null,
        updated_at: '2026-11-30T00:00:00Z',
        periods: [{ ...period, status }],
      },
    ],
  });
  const texts = (alerts: readonly Alert[]) => alerts.map(({ tone, text }) => `${tone}: ${text}`);

  it('are none while all is well, and while nothing is known', () => {
    expect(alertsOf({})).toEqual([]);
    expect(alertsOf({ health, budgets: budgets('OK') })).toEqual([]);
  });

  it('stand in the order of what matters', () => {
    const { durable, hot } = health.tiers;
    const down = { ...health, tiers: { durable, hot: { ...hot, state: 'down' as const } } };
    expect(texts(alertsOf({ health: down, budgets: budgets('EXCEEDED') }))).toEqual([
      'bad: $6.00 of $5.00 spent today.',
      'warn: Redis is down. Every answer is still given, only later.',
    ]);
    const embedded = { ...durable, kind: 'embedded' as const, survives_power_cut: false };
    expect(
      texts(
        alertsOf({ health: { ...health, tiers: { durable: embedded, hot } }, budgets: budgets('WARNING') }),
      ),
    ).toEqual([
      'warn: $6.00 of $5.00 spent today.',
      'note: PostgreSQL is embedded: it does not survive a power cut.',
    ]);
  });
});

describe('picks of any engine', () => {
  it('are read field by field, and whatever is missing is missing', () => {
    expect(pickOf(null)).toMatchObject({ symbol: '–', score: null, agents: [], signals: [] });
    const pick = {
      rank: 1,
      symbol: 'TCS',
      score_blend: 80.5,
      price: 10,
      exit_strategy: { target_price: 12, stop_loss_price: 9 },
      scores: { risk: 12.2, odd: 'high' },
      key_signals: ['Breakout', { type: 'Three_Crows', direction: 'BEARISH' }, 7],
    };
    expect(pickOf(pick)).toMatchObject({
      symbol: 'TCS',
      score: 80.5,
      price: 10,
      target: 12,
      stop: 9,
      agents: [{ name: 'risk', score: 12.2 }],
      signals: ['Breakout', 'three crows, bearish', '7'],
    });
    expect(picksIn({ picks: [pick] })).toHaveLength(1);
    expect(picksIn({ items: [pick, pick] })).toHaveLength(2);
    expect(picksIn('odd')).toEqual([]);
  });

  const head = (universe: string, mode: string, generated: string, picks: number) => ({
    id: generated,
    run_id: generated,
    universe,
    mode,
    generated_at: generated,
    trigger: null,
    total_analyzed: null,
    filtered_count: null,
    picks_count: picks,
    elapsed_sec: null,
  });

  it('are latest where anything was picked', () => {
    const latest = latestRuns([
      { universe: 'nifty50', mode: 'Swing', latest: head('nifty50', 'Swing', '2026-11-29T09:00:00Z', 2) },
      { universe: 'nifty50', mode: 'Options', latest: head('nifty50', 'Options', '2026-11-27T09:00:00Z', 1) },
      { universe: 'nifty50', mode: 'Futures', latest: null },
    ]);
    expect(latest.get('nifty50')?.get('Swing')?.picks_count).toBe(2);
    expect([...(latest.get('nifty50')?.keys() ?? [])]).toEqual(['Swing', 'Options']);
  });

  it('say what each agent said', () => {
    const said = (agent: string, score: number | null) => ({
      agent_name: agent,
      score,
      confidence: null,
      metadata: null,
    });
    const pick = (contributions: ReturnType<typeof said>[]) => ({
      pick_uuid: 'a',
      symbol: 'TCS',
      signal_ts: '2026-11-30T09:00:00Z',
      contributions,
    });
    const rows = contributionsOf(
      [pick([said('risk', 10), said('policy', null)]), pick([said('risk', 30)])],
      [],
    );
    expect(rows).toEqual([
      { agent: 'risk', picks: 2, meanScore: 20, group: undefined },
      { agent: 'policy', picks: 1, meanScore: null, group: undefined },
    ]);
  });
});

describe('times that pages ask for', () => {
  it('days without a request are shown as days', () => {
    const usage = {
      period_days: 3,
      as_of: '2026-03-01T10:00:00Z',
      daily_breakdown: [
        { date: '2026-03-01', requests: 2, cost_usd: '0.5' },
        { date: '2026-02-26', requests: 1, cost_usd: '0.1' },
      ],
    } as Parameters<typeof daysOf>[0];
    expect(daysOf(usage)).toEqual([
      { date: '2026-02-26', requests: 1, cost: 0.1 },
      { date: '2026-02-27', requests: 0, cost: 0 },
      { date: '2026-02-28', requests: 0, cost: 0 },
      { date: '2026-03-01', requests: 2, cost: 0.5 },
    ]);
  });

  it('prices are asked for until the end of the day', () => {
    const now = Date.parse('2026-11-30T07:05:00Z');
    expect(timesOf(rangeOf('1d', '1y'), now)).toEqual({
      from: '2025-11-30T00:00:00.000Z',
      to: '2026-12-01T00:00:00.000Z',
    });
    expect(rangeOf('5m', '1y').days).toBe(5);
  });
});

describe('keys of the hot tier', () => {
  it('are counted by their first part, each once', () => {
    expect(familiesOf(['llm:a', 'llm:b', 'llm:b', 'sr:TCS:M', 'alone'])).toEqual([
      { prefix: 'llm:', keys: 2 },
      { prefix: 'alone', keys: 1 },
      { prefix: 'sr:', keys: 1 },
    ]);
  });
});
