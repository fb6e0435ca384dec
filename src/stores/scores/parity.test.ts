import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Migrations, sourceOf } from '../../../test/support/migrations.ts';
import { OldDirectory } from '../../../test/support/old-directory.ts';
import { freshStores, storeKinds, type TestStores } from '../../../test/support/stores.ts';
import { createScores, type Scores } from './store.ts';

const STAMP = '2026-11-22T20:28:37.758668Z';
const scoreOf = (symbol: string, blend_score: number, confidence: string, is_actionable: boolean) => ({
  symbol,
  blend_score,
  confidence,
  recommendation: 'Buy',
  is_actionable,
  recommendation_note: null,
  risk_reward_ratio: 1.8,
  color_scheme: { text: '#15803d' },
  agents: [
    { agent: 'technical', score: 11.6 },
    { agent: 'global', score: 76.3 },
  ],
  key_signals: [],
  reasoning: 'ok',
  analyzed_at: STAMP,
});
/** As the old application wrote data/global_scores/score_cache.json. */
const old = {
  timestamp: STAMP,
  scores: {
    RELIANCE: scoreOf('RELIANCE', 61.13, 'High', false),
    TCS: scoreOf('TCS', 56.99, 'Medium', true),
    'M&M': scoreOf('M&M', 51.39, 'Low', false),
    'NIFTY 50': scoreOf('NIFTY 50', 34.81, 'High', true),
    'L&TFH': scoreOf('L&TFH', 89.95, 'High', true),
  },
  ttl_hours: 6,
};

describe.each(storeKinds)('migrated scores on the %s tiers', (kind) => {
  const directory = new OldDirectory().write(
    'data/global_scores/score_cache.json',
    JSON.stringify(old, null, 2),
  );
  let stores: TestStores;
  let migrations: Migrations;
  let scores: Scores;
  let now = new Date('2026-11-22T21:00:00Z');
  beforeAll(async () => {
    stores = await freshStores(kind);
    migrations = new Migrations(stores.durable, directory);
    scores = createScores({ ...stores, clock: () => now });
    const report = await migrations.run({ clock: () => now });
    expect(sourceOf(report, 'global_scores')).toMatchObject({ loaded: 5, verified: true });
  });
  afterAll(async () => {
    await stores.remove();
    directory.remove();
  });

  it.each(Object.entries(old.scores))('of %s answer as they stood in the file', async (symbol, expected) => {
    expect(await scores.get(symbol)).toEqual({
      ...expected,
      timestamp: STAMP,
      expires_at: '2026-11-23T02:28:37.758668Z',
    });
  });

  it('are ranked, and end with their six hours', async () => {
    const { items } = await scores.top({ actionable: true, min_confidence: 'medium' });
    expect(items.map(({ symbol, global_rank }) => [symbol, global_rank])).toEqual([
      ['L&TFH', 1],
      ['TCS', 3],
      ['NIFTY 50', 5],
    ]);
    now = new Date('2026-11-23T02:28:38Z');
    expect(await scores.getMany(Object.keys(old.scores))).toEqual([]);
    now = new Date('2026-11-22T21:00:00Z');
  });

  it('that were changed or removed here stay so when the file is migrated again', async () => {
    await scores.put([{ symbol: 'TCS', blend_score: 99 }]);
    await scores.remove(['M&M']);
    await migrations.run({ clock: () => now });
    expect(await scores.get('TCS')).toMatchObject({ blend_score: 99 });
    await expect(scores.get('M&M')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
