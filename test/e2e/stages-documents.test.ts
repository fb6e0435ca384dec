import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MoveOptions, type MoveReport, setStage } from '../../src/migration/stages/index.ts';
import { freshTier, type TestTier, tierKinds } from '../support/durable.ts';
import { Migrations } from '../support/migrations.ts';
import { OldDirectory } from '../support/old-directory.ts';

const SCORES = 'data/global_scores/score_cache.json';
const PREFERENCES = 'cache/memory/user_ann.json';

describe.each(tierKinds)('stages of stores in files of JSON, on PostgreSQL: %s', (kind) => {
  let test: TestTier;
  let old: OldDirectory;
  let here: Migrations;
  beforeEach(async () => {
    test = await freshTier(kind);
    const score = (symbol: string, value: number): string =>
      `"${symbol}": {"symbol": "${symbol}", "blend_score": ${value}}`;
    old = new OldDirectory()
      .write(
        SCORES,
        `{"timestamp": "${new Date().toISOString()}", "ttl_hours": 6, "scores": {${score('TCS', 71.5)}, ${score('INFY', 60)}}}`,
      )
      .write(
        PREFERENCES,
        '{"risk": {"value": "low", "updated_at": "2026-01-05T10:00:00"}, "mode": {"value": "Swing", "updated_at": "2026-01-05T10:00:00"}}',
      );
    rest();
    here = new Migrations(test.durable, old);
    await here.run();
  });
  afterEach(async () => {
    old.remove();
    await test.remove();
  });

  /** The writer of the files has stopped a while ago. */
  function rest(): void {
    const then = new Date(Date.now() - 60_000);
    for (const file of [SCORES, PREFERENCES]) utimesSync(join(old.path, file), then, then);
  }
  const set = (store: string, to: MoveOptions['to'], more: Partial<MoveOptions> = {}): Promise<MoveReport> =>
    setStage({ tier: test.durable, store, to, ...more });
  const read = (file: string): Record<string, Record<string, unknown>> =>
    JSON.parse(readFileSync(join(old.path, file), 'utf8')) as Record<string, Record<string, unknown>>;
  const forward = async (store: string): Promise<void> => {
    for (const stage of ['dual-write', 'shadow', 'live'] as const) await set(store, stage);
  };

  it('waits until the files rest: their writer cannot be fenced', async () => {
    await set('scores', 'dual-write');
    await set('scores', 'shadow');
    utimesSync(join(old.path, SCORES), new Date(), new Date());
    await expect(set('scores', 'live')).rejects.toMatchObject({
      code: 'GATE_CLOSED',
      message: expect.stringContaining('stop their writer first') as string,
    });
    rest();
    expect(await set('scores', 'live')).toMatchObject({ stage: 'live' });
  });

  it('brings scores there, back and there again', async () => {
    await forward('scores');
    const later = "now() + interval '6 hours'";
    await test.durable.query(
      `INSERT INTO hot_state (family, key, value, created_at, expires_at)
       VALUES ('scores', 'WIPRO', '{"symbol": "WIPRO", "blend_score": 55}', now(), ${later})`,
    );
    await test.durable.query(
      `UPDATE hot_state SET value = '{"symbol": "TCS", "blend_score": 72}', version = version + 1 WHERE key = 'TCS'`,
    );
    await test.durable.query("UPDATE hot_state SET value = NULL, deleted = true WHERE key = 'INFY'");
    await set('scores', 'legacy');
    expect(read(SCORES)['scores']).toEqual({
      TCS: { symbol: 'TCS', blend_score: 72 },
      WIPRO: { symbol: 'WIPRO', blend_score: 55 },
    });
    rest();
    await forward('scores');
    const rows = await here.values(
      "SELECT key || ' ' || (value ->> 'blend_score') FROM hot_state WHERE NOT deleted ORDER BY key",
    );
    expect(rows).toEqual(['TCS 72', 'WIPRO 55']);
  });

  it('brings preferences back as the old application writes them', async () => {
    await forward('agent-memory');
    await test.durable.query(
      `INSERT INTO memory_preferences (user_id, pref_key, value, updated_at) VALUES ('ann', 'theme', '"dark"', '2026-02-03T04:05:06Z')`,
    );
    await test.durable.query(`UPDATE memory_preferences SET value = '"high"' WHERE pref_key = 'risk'`);
    await test.durable.query("DELETE FROM memory_preferences WHERE pref_key = 'mode'");
    await set('agent-memory', 'legacy');
    const found = read(PREFERENCES);
    expect(Object.keys(found)).toEqual(['risk', 'theme']);
    expect([found['risk']!['value'], found['theme']!['value']]).toEqual(['high', 'dark']);
  });
});
