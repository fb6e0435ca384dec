import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import type { ScoreInput } from './schema.ts';
import { createScores, type Scores } from './store.ts';

const HOUR_MS = 3_600_000;

describe.each(storeKinds)('scores on the %s tiers', (kind) => {
  let stores: TestStores;
  let scores: Scores;
  let now: Date;
  const ago = (ms: number): string => new Date(now.getTime() - ms).toISOString();
  const symbolsOf = (page: { items: { symbol: string }[] }) => page.items.map(({ symbol }) => symbol);
  const make = (symbol: string, blend_score: number, more: Partial<ScoreInput> = {}): ScoreInput => ({
    symbol,
    blend_score,
    ...more,
  });
  const fields = async (key: string): Promise<Record<string, string>> => {
    const content = await stores.hot.projections.read(`stockroom:${key}`);
    return content?.kind === 'hash' ? content.fields : {};
  };

  beforeAll(async () => {
    stores = await freshStores(kind);
    scores = createScores({ ...stores, clock: () => now });
  });
  afterAll(async () => {
    await stores.remove();
  });
  beforeEach(() => {
    now = new Date();
  });
  afterEach(async () => {
    now = new Date();
    await stores.durable.query(`delete from hot_state where family = 'scores'`);
    await stores.flush();
  });

  it('gives back a score as it was given, with its times', async () => {
    const given = make('m&m', 61.13, {
      confidence: 'High',
      recommendation: 'Buy',
      is_actionable: false,
      agents: [{ agent: 'technical', score: 11.6, signals: ['₹'] }],
      key_signals: ['a'],
      analyzed_at: '2026-01-05T10:00:00.123456+05:30',
    });
    now = new Date('2026-01-05T05:00:00Z');
    expect(await scores.put([given])).toEqual({ stored: 1, older: [], expired: [] });
    expect(await scores.get('M&M')).toEqual({
      ...given,
      symbol: 'M&M',
      analyzed_at: '2026-01-05T04:30:00.123456Z',
      timestamp: '2026-01-05T04:30:00.123456Z',
      expires_at: '2026-01-05T10:30:00.123456Z',
    });
  });

  it('keeps each symbol for six hours from its own time', async () => {
    await scores.put([make('OLD', 1, { analyzed_at: ago(5 * HOUR_MS) }), make('NEW', 2)]);
    now = new Date(now.getTime() + HOUR_MS);
    await expect(scores.get('OLD')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await scores.get('NEW')).toMatchObject({ blend_score: 2 });
    expect(symbolsOf(await scores.top())).toEqual(['NEW']);
    // A refresh of another symbol renews nothing.
    await scores.put([make('NEW', 3)]);
    await expect(scores.get('OLD')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('never replaces a newer score by an older one', async () => {
    await scores.put([make('TCS', 70, { analyzed_at: ago(1_000) })]);
    expect(await scores.put([make('TCS', 10, { analyzed_at: ago(2_000) }), make('ITC', 5)])).toEqual({
      stored: 1,
      older: ['TCS'],
      expired: [],
    });
    expect(await scores.get('TCS')).toMatchObject({ blend_score: 70 });
    await scores.put([make('TCS', 71, { analyzed_at: ago(1_000) })]);
    expect(await scores.get('TCS')).toMatchObject({ blend_score: 71 });
  });

  it('takes the newest of a symbol that is given twice', async () => {
    await scores.put([make('TCS', 2, { analyzed_at: ago(1) }), make('tcs ', 1, { analyzed_at: ago(2) })]);
    expect(await scores.get('tcs')).toMatchObject({ blend_score: 2 });
  });

  it('does not believe a time of the future, neither given nor found', async () => {
    await expect(scores.put([make('TCS', 1, { analyzed_at: ago(-330 * 60_000) })])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('scores[0].analyzed_at'),
    });
    // As the migration loads what the old application wrote in India.
    await stores.durable.query(
      `insert into hot_state (family, key, value, created_at, expires_at, legacy_source, legacy_key)
       values ('scores', 'TCS', '{"blend_score": 1}', $1, $2, 'score_cache.json', 'TCS')`,
      [ago(-5.5 * HOUR_MS), ago(-11.5 * HOUR_MS)],
    );
    expect(await scores.get('TCS')).toMatchObject({ blend_score: 1 });
    await scores.put([make('TCS', 2)]);
    expect(await scores.get('TCS')).toMatchObject({ blend_score: 2 });
  });

  it('writes what the old keys promise', async () => {
    await scores.put([
      make('NIFTY 50', 34.81, {
        confidence: 'High',
        agents: [{ agent: 'risk', score: 1 }],
        analyzed_at: ago(5),
      }),
      make('A:B', 1, { analyzed_at: ago(HOUR_MS) }),
    ]);
    expect(await fields('scores:global:NIFTY 50')).toMatchObject({
      score: '34.81',
      confidence: 'High',
      agent_scores_json: '[{"agent":"risk","score":1}]',
      timestamp: ago(5).replace('Z', '000Z'),
    });
    expect(await stores.hot.projections.read('stockroom:scores:cache_timestamp')).toEqual({
      kind: 'text',
      text: ago(5).replace('Z', '000Z'),
    });
    if (stores.redis !== undefined) {
      const left = await stores.ask<number>('PTTL', 'stockroom:scores:global:A%3aB');
      expect(left).toBeGreaterThan(4.9 * HOUR_MS);
      expect(left).toBeLessThanOrEqual(5 * HOUR_MS);
    }
  });

  it('answers the same after Redis was emptied, and after each key was lost', async () => {
    await scores.put([make('TCS', 70), make('ITC', 60), make('SBIN', 65)]);
    const before = [await scores.getMany(['ITC', 'NONE', 'TCS']), await scores.top()];
    await stores.flush();
    expect([await scores.getMany(['itc', 'NONE', 'tcs']), await scores.top()]).toEqual(before);
    expect(await fields('scores:global:TCS')).toMatchObject({ score: '70' });
    await scores.put([make('TCS', 71)]);
    await stores.flush();
    expect(await scores.get('TCS')).toMatchObject({ blend_score: 71 });
  });

  it('ranks by score, then by symbol, and counts all in the global rank', async () => {
    await scores.put([make('B', 50), make('A', 50), make('C', 90), make('D', 10), make('E', -1)]);
    const { items } = await scores.top({ symbols: ['d', 'B', 'A', 'NONE'], n: 2 });
    expect(items.map(({ symbol, rank, global_rank }) => [symbol, rank, global_rank])).toEqual([
      ['A', 1, 2],
      ['B', 2, 3],
    ]);
    expect(symbolsOf(await scores.top({ symbols: [] }))).toEqual([]);
  });

  it('filters by confidence and by what is actionable', async () => {
    await scores.put([
      make('A', 9, { confidence: 'HIGH', is_actionable: true }),
      make('B', 8, { confidence: 'medium', is_actionable: false }),
      make('C', 7, { confidence: 'Low', is_actionable: true }),
      make('D', 6, { confidence: 'Certain' }),
      make('E', 5, { confidence: null, is_actionable: null }),
    ]);
    expect(symbolsOf(await scores.top({ min_confidence: 'low' }))).toEqual(['A', 'B', 'C']);
    expect(symbolsOf(await scores.top({ min_confidence: 'medium' }))).toEqual(['A', 'B']);
    expect(symbolsOf(await scores.top({ min_confidence: 'high' }))).toEqual(['A']);
    expect(symbolsOf(await scores.top({ actionable: true }))).toEqual(['A', 'C']);
    expect(symbolsOf(await scores.top({ actionable: false }))).toEqual(['B', 'D', 'E']);
    const { items } = await scores.top({ min_confidence: 'low', actionable: true });
    expect(items.map(({ global_rank }) => global_rank)).toEqual([1, 3]);
  });

  it('ranks what the migration may have loaded without failing', async () => {
    const documents = [
      '{"blend_score": 1e400}',
      '{"blend_score": 1e-400}',
      '{"blend_score": "7"}',
      '"no JSON',
      '5',
      null,
    ];
    for (const [index, text] of documents.entries()) {
      const value = text === '"no JSON' ? JSON.stringify(text) : text;
      await stores.durable.query(
        `insert into hot_state (family, key, value, created_at, expires_at) values ('scores', $1, $2, $3, $4)`,
        [`S${index}`, value, ago(0), ago(-HOUR_MS)],
      );
    }
    expect(symbolsOf(await scores.top())).toEqual(['S1']);
    expect(await scores.get('S0')).toMatchObject({ blend_score: null });
    expect(await scores.get('S3')).toMatchObject({ blend_score: null, document: '"no JSON' });
  });

  it('looks back', async () => {
    await scores.put([
      make('A', 1, { analyzed_at: ago(3 * HOUR_MS) }),
      make('B', 2, { analyzed_at: ago(HOUR_MS) }),
    ]);
    expect(symbolsOf(await scores.top({ as_of: ago(2 * HOUR_MS) }))).toEqual(['A']);
    await expect(scores.get('B', { as_of: ago(2 * HOUR_MS) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await scores.get('A', { as_of: ago(2 * HOUR_MS) })).toMatchObject({ blend_score: 1 });
  });

  it('removes and clears, in PostgreSQL and in Redis, and takes new ones after that', async () => {
    await scores.put([make('A', 1), make('B', 2), make('C', 3, { analyzed_at: ago(7 * HOUR_MS) })]);
    expect(await scores.remove(['a', 'NONE'])).toEqual({ removed: 1 });
    await expect(scores.get('A')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await scores.clear()).toEqual({ removed: 1 });
    expect(await scores.newestAt()).toBeUndefined();
    expect(await fields('scores:global:B')).toEqual({});
    expect(await stores.hot.projections.read('stockroom:scores:cache_timestamp')).toBeUndefined();
    expect((await scores.top()).items).toEqual([]);
    await scores.put([make('A', 4, { analyzed_at: ago(HOUR_MS) })]);
    expect(await scores.get('A')).toMatchObject({ blend_score: 4 });
  });

  it('takes writes of the same scores at once from many', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `S${index}`);
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const order = writer % 2 === 0 ? names : names.toReversed();
        await scores.put(order.map((name) => make(name, writer, { analyzed_at: ago(8 - writer) })));
      }),
    );
    const { items } = await scores.top({ n: 20 });
    expect(items.map(({ blend_score }) => blend_score)).toEqual(Array(20).fill(7));
    expect((await scores.getMany(names)).map(({ blend_score }) => blend_score)).toEqual(Array(20).fill(7));
  });
});
