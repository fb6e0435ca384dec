import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setStage } from '../../src/migration/stages/index.ts';
import type { MoveOptions, MoveReport } from '../../src/migration/stages/index.ts';
import { freshTier, type TestTier, tierKinds } from '../support/durable.ts';
import { withDatabase } from '../support/hostile/kit.ts';
import { Migrations } from '../support/migrations.ts';
import { OldDirectory, REQUESTS } from '../support/old-directory.ts';

describe.each(tierKinds)('the stages of a store, on PostgreSQL: %s', (kind) => {
  let test: TestTier;
  let old: OldDirectory;
  let here: Migrations;
  beforeEach(async () => {
    test = await freshTier(kind);
    old = new OldDirectory().requests(50);
    here = new Migrations(test.durable, old);
    await here.run();
  });
  afterEach(async () => {
    old.remove();
    await test.remove();
  });

  const set = (to: MoveOptions['to'], more: Partial<MoveOptions> = {}): Promise<MoveReport> =>
    setStage({ tier: test.durable, store: 'llm-costs', to, ...more });
  const oldRows = (): unknown[] => {
    let rows: unknown[] = [];
    withDatabase(old.path, REQUESTS, (db) => {
      rows = db.prepare('SELECT id, model, tokens_input, cost_usd FROM llm_requests ORDER BY id').raw().all();
    });
    return rows;
  };
  const newRows = (): Promise<string[]> =>
    here.values(
      "SELECT concat_ws(' ', legacy_id, model, tokens_input, cost_usd::float8) FROM llm_requests ORDER BY id",
    );
  const insertOld = (model: string): void =>
    old.change(
      `INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd) VALUES ('${model}', 7, 8, 0.25)`,
    );
  const insertNew = (model: string): Promise<unknown> =>
    test.durable.query(
      "INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) VALUES ($1, 7, 8, 0.250000, '2026-02-03T04:05:06.789Z')",
      [model],
    );

  it('go all the way, and each side takes writes only while it is the authority', async () => {
    insertOld('before');
    expect(await set('dual-write')).toMatchObject({ from: 'legacy', stage: 'dual-write' });
    await expect(insertNew('too early')).rejects.toMatchObject({ code: 'NOT_AUTHORITY' });
    insertOld('dual');
    await set('shadow');
    insertOld('shadow');
    await set('live');
    expect(() => insertOld('too late')).toThrow(/stockroom: the store llm-costs takes no writes/);
    expect(await newRows()).toHaveLength(53);
    await insertNew('live');
    await test.durable.query("UPDATE llm_requests SET tokens_input = 99 WHERE model = 'dual'");
    await test.durable.query("DELETE FROM llm_requests WHERE model = 'before'");
    await set('ramp-down');
    expect(oldRows().slice(-3)).toEqual([
      [52, 'dual', 99, 0.25],
      [53, 'shadow', 7, 0.25],
      [54, 'live', 7, 0.25],
    ]);
    await set('complete');
    await insertNew('after');
    expect(oldRows()).toHaveLength(53);
    expect(() => insertOld('never')).toThrow(/takes no writes/);
    await expect(set('legacy')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('ask only for the databases of the store to be readable', async () => {
    const preference = [
      { user_id: 'ann', pref_key: 'a', pref_value: '1', updated_at: '2026-01-05 10:00:00' },
    ];
    old.table('cache/context.db', 'user_preferences', preference);
    old.table('old/context.db', 'user_preferences', [{ ...preference[0]!, pref_key: 'b' }]);
    await here.run();
    // A program that only opens a database that was removed leaves this.
    old.write(REQUESTS, '');
    const kept = readFileSync(join(old.path, 'old/context.db'));
    old.write('old/context.db', '');
    await expect(set('dual-write', { store: 'context' })).rejects.toMatchObject({
      code: 'GATE_CLOSED',
      message: expect.stringMatching(/asks for: readable \(old\/context\.db: empty: 0 bytes\)\./),
    });
    writeFileSync(join(old.path, 'old/context.db'), kept);
    expect(await set('dual-write', { store: 'context' })).toMatchObject({ stage: 'dual-write' });
  });

  it('go back from live, and forward again, with everything that was written since', async () => {
    // Some gates are looked at before the fence and behind it: each is told once, as it was last.
    const told: string[] = [];
    const tell = ({ evidence }: MoveReport): void => {
      for (const { stage, gates } of evidence) told.push(...gates.map(({ name }) => `${stage}: ${name}`));
    };
    for (const stage of ['dual-write', 'shadow', 'live'] as const) tell(await set(stage));
    await insertNew('one');
    await insertNew('two');
    await test.durable.query("DELETE FROM llm_requests WHERE model = 'one'");
    await test.durable.query('UPDATE llm_requests SET cost_usd = 1.5 WHERE legacy_id = 3');
    tell(await set('legacy'));
    expect(told).toEqual(expect.arrayContaining(['live: verified', 'legacy: nothing owed']));
    expect(told).toEqual([...new Set(told)]);
    await expect(insertNew('too late')).rejects.toMatchObject({ code: 'NOT_AUTHORITY' });
    expect(oldRows().at(-1)).toEqual([51, 'two', 7, 0.25]);
    expect(oldRows()[2]).toEqual([3, expect.any(String), expect.anything(), 1.5]);
    insertOld('back');
    old.change(
      "UPDATE llm_requests SET tokens_input = 11 WHERE model = 'two'; DELETE FROM llm_requests WHERE id = 5",
    );
    for (const stage of ['dual-write', 'shadow', 'live'] as const) await set(stage);
    const rows = await newRows();
    expect(rows).toHaveLength(51);
    expect(rows.slice(-2)).toEqual(['51 two 11 0.25', '52 back 7 0.25']);
    await insertNew('again');
    await set('legacy');
    expect(oldRows().at(-1)).toEqual([53, 'again', 7, 0.25]);
  });

  it('leaves the old files of a store alone in a migration that is run while PostgreSQL is the authority', async () => {
    for (const stage of ['dual-write', 'shadow', 'live'] as const) await set(stage);
    await insertNew('here');
    const report = await here.run();
    expect(report.exit).toBe(0);
    expect(report.warnings).toContainEqual(
      expect.objectContaining({ code: 'LEFT_OUT', source: 'llm_requests' }),
    );
    expect(await newRows()).toHaveLength(51);
  });

  it('brings rows that exchange a unique key to the old side', async () => {
    old.table('cache/context.db', 'user_preferences', [
      { user_id: 'ann', pref_key: 'a', pref_value: '1', updated_at: '2026-01-05 10:00:00' },
      { user_id: 'ann', pref_key: 'b', pref_value: '2', updated_at: '2026-01-05 10:00:00' },
    ]);
    await here.run();
    for (const stage of ['dual-write', 'shadow', 'live'] as const) await set(stage, { store: 'context' });
    await test.durable.transaction(async (session) => {
      for (const [key, id] of [
        ['x', 1],
        ['a', 2],
        ['b', 1],
      ] as const)
        await session.query('UPDATE user_preferences SET pref_key = $1 WHERE legacy_id = $2', [key, id]);
    });
    await set('ramp-down', { store: 'context' });
    let rows: unknown[] = [];
    withDatabase(old.path, 'cache/context.db', (db) => {
      rows = db.prepare('SELECT id, pref_key, pref_value FROM user_preferences ORDER BY id').raw().all();
    });
    expect(rows).toEqual([
      [1, 'b', '1'],
      [2, 'a', '2'],
    ]);
  });
});
