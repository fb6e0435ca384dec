import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, type TestStores } from '../../test/support/stores.ts';
import { openStores, type StoreSystem } from '../system/index.ts';
import { alerts } from './alerts.ts';
import type { JobContext } from './job.ts';
import { outcomes } from './outcomes.ts';
import { refresh } from './refresh.ts';
import { retention } from './retention.ts';

const NOW = new Date('2026-11-18T12:00:00Z');
let now = NOW;
const clock = (): Date => now;
const never = new AbortController().signal;

let tiers: TestStores;
let system: StoreSystem;
let webhook: Server;
let posted: unknown[];
let archiveDirectory: string;
let context: JobContext;

beforeEach(async () => {
  posted = [];
  now = NOW;
  webhook = createServer((request, answer) => {
    request.setEncoding('utf8').on('data', (text: string) => posted.push(JSON.parse(text)));
    request.on('end', () => answer.end());
  });
  await once(webhook.listen(0, '127.0.0.1'), 'listening');
  tiers = await freshStores('server');
  const { durable, hot } = tiers;
  const webhookUrl = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`;
  // Its own rounds are far off: what is posted, the job posts.
  const ownRounds = { everyMs: 3_600_000 };
  system = await openStores({ durable, hot, clock, alerts: { webhookUrl, settings: ownRounds } });
  archiveDirectory = mkdtempSync(join(tmpdir(), 'stockroom-jobs-'));
  context = { system, hot, clock, retentionDays: {}, archiveDirectory };
});
afterEach(async () => {
  await system.close();
  await tiers.remove();
  webhook.close();
  rmSync(archiveDirectory, { recursive: true });
});

describe('outcomes', () => {
  it('evaluates recommendations and picks once; what has no candles is counted', async () => {
    const { recommendations, priceHistory, pickLog } = system.stores;
    const candle = { time: '2026-11-16', open: 100, high: 106, low: 99, close: 104, volume: 1 };
    await priceHistory.put({ symbol: 'TCS', interval: '1d', candles: [candle] });
    for (const symbol of ['TCS', 'INFY']) {
      await recommendations.logRun({
        universe: 'NIFTY50',
        mode: 'Intraday',
        generated_at: '2026-11-16T10:00:00+05:30',
        items: [{ symbol, recommendation: 'Buy', price: 100, exit_strategy: { target_price: 105 } }],
      });
    }
    const pick = {
      signal_ts: '2026-11-16T10:00:00+05:30',
      direction: 'LONG',
      mode: 'Intraday',
      source: 'test',
    } as const;
    for (const symbol of ['TCS', 'INFY'])
      await pickLog.log({ ...pick, symbol, signal_price: 100, contributions: [] });
    expect(await outcomes.run(context, never)).toEqual({
      recommendations: { evaluated: 1, pending: 1, not_due: 0 },
      picks_eod: { picks: 2, computed: 1, existing: 0, pending: 1 },
      picks_5d: { picks: 2, computed: 0, existing: 0, pending: 2 },
    });
    expect(await outcomes.run(context, never)).toMatchObject({
      recommendations: { evaluated: 0, pending: 1 },
      picks_eod: { computed: 0, existing: 1 },
    });
  });
});

describe('retention', () => {
  const days = async (): Promise<string[]> => {
    const { rows } = await tiers.durable.query<{ day: string }>(
      'select created_at::date::text as day from llm_requests order by created_at',
    );
    return rows.map(({ day }) => day);
  };
  beforeEach(async () => {
    await tiers.durable.query(
      `insert into llm_requests (model, tokens_input, tokens_output, cost_usd, created_at)
       select 'gpt-4', 1, 1, 0.1, day from unnest($1::text[]::timestamptz[]) as day`,
      [['2026-08-20', '2026-10-18T11:59:59Z', '2026-10-19T12:00:01Z', '2026-11-18']],
    );
  });

  it('keeps everything of a store that has no limit', async () => {
    expect(await retention.run(context, never)).toEqual({ skipped: 'no store has a limit' });
    expect(await days()).toHaveLength(4);
    expect(readdirSync(archiveDirectory)).toEqual([]);
  });

  it('archives what is older, verified, and removes just that', async () => {
    const given = { ...context, retentionDays: { 'llm-costs': 30 } };
    expect(await retention.run(given, never)).toEqual({ llm_requests: { archived: 2, removed: 2, kept: 0 } });
    expect(await days()).toEqual(['2026-10-19', '2026-11-18']);
    expect(readdirSync(join(archiveDirectory, 'llm_requests'))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^manifest-.*\.json$/), 'year=2026']),
    );
    expect(await retention.run(given, never)).toEqual({ llm_requests: { archived: 0, removed: 0, kept: 0 } });
  });

  it('ends with nothing removed when it is told to, and the next run does it', async () => {
    const given = { ...context, retentionDays: { 'llm-costs': 30 } };
    await expect(retention.run(given, AbortSignal.abort())).rejects.toThrow();
    expect(await days()).toHaveLength(4);
    expect(await retention.run(given, never)).toMatchObject({ llm_requests: { removed: 2 } });
  });

  it('leaves an archive alone that another process writes', async () => {
    const given = { ...context, retentionDays: { 'llm-costs': 30 } };
    await tiers.durable.session(async (session) => {
      await session.query(
        `select pg_advisory_lock(('x' || left(md5('stockroom archive stockroom'), 16))::bit(64)::bigint)`,
      );
      await expect(retention.run(given, never)).rejects.toMatchObject({ code: 'CONFLICT' });
      await session.query('select pg_advisory_unlock_all()');
    });
    expect(await retention.run(given, never)).toMatchObject({ llm_requests: { removed: 2 } });
  });
});

describe('alerts', () => {
  it('notes what was reached without a write of ours, and posts it once', async () => {
    const { llmCosts } = system.stores;
    await llmCosts.log({ model: 'gpt-4', tokens_input: 10, tokens_output: 10, cost_usd: '0.9' });
    await tiers.durable.query(
      `insert into llm_budgets (scope, daily_usd) values ('all', 1) on conflict (scope) do update set daily_usd = 1`,
    );
    expect(await alerts.run(context, never)).toEqual({ delivered: 2, failed: 0 });
    expect(posted).toMatchObject([{ type: 'llm-budget' }, { type: 'llm-budget' }]);
    expect(await alerts.run(context, never)).toEqual({ delivered: 0, failed: 0 });
  });
});

describe('refresh', () => {
  it('builds what is missing and corrects what differs from PostgreSQL', async () => {
    // What is worth having at hand is what is recent by the clock of PostgreSQL.
    now = new Date();
    const { llmCosts } = system.stores;
    await llmCosts.log({ model: 'gpt-4', tokens_input: 10, tokens_output: 10, cost_usd: '0.5' });
    await tiers.flush();
    const first = await refresh.run(context, never);
    expect(first['built']).toBeGreaterThan(0);
    expect(first).toMatchObject({ corrected: 0 });
    const key = `stockroom:llm:daily:${now.toISOString().slice(0, 10)}`;
    expect(await tiers.ask<string>('HGET', key, 'total_cost')).toBe('0.5');
    await tiers.ask('HSET', key, 'total_cost', '99');
    expect(await refresh.run(context, never)).toMatchObject({ built: 0, corrected: 1 });
    expect(await tiers.ask<string>('HGET', key, 'total_cost')).toBe('0.5');
  });
});
