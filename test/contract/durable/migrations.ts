import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type DurableTier,
  migrate,
  pendingMigrations,
  requireCurrentSchema,
  schemaVersion,
  sqlState,
} from '../../../src/tiers/durable/index.ts';
import { oddSchema, thrownBy } from './subject.ts';

const quoted = `"${oddSchema.replaceAll('"', '""')}"`;

/** The migration runner, on files of the test's own. */
export function migrationsSuite(tierOf: () => DurableTier): void {
  let directory: string;

  const write = (name: string, sql: string): Promise<void> => writeFile(join(directory, name), sql);
  const numbers = async (applied: Promise<readonly { number: number }[]>): Promise<number[]> =>
    (await applied).map(({ number }) => number);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stockroom-migrations-'));
    await write('000001_first.sql', 'CREATE TABLE first (a int); -- a table\nINSERT INTO first VALUES (1);');
    await write('000002_second.sql', 'ALTER TABLE first ADD COLUMN b text;');
    await write('README.md', 'not a migration');
  });

  afterEach(async () => {
    await tierOf().query(`DROP SCHEMA ${quoted} CASCADE; CREATE SCHEMA ${quoted}`);
    await rm(directory, { recursive: true });
  });

  it('applies what is missing, once, in order', async () => {
    const tier = tierOf();
    await tier.query(`DROP SCHEMA ${quoted} CASCADE`);
    expect(await schemaVersion(tier)).toBe(0);
    expect(await numbers(pendingMigrations(tier, { directory }))).toEqual([1, 2]);
    expect(await thrownBy(requireCurrentSchema(tier, { directory }))).toMatchObject({
      code: 'SCHEMA_OUTDATED',
    });
    expect(await numbers(migrate(tier, { directory }))).toEqual([1, 2]);
    expect(await numbers(migrate(tier, { directory }))).toEqual([]);
    await write('000003_third.sql', 'INSERT INTO first VALUES (2, current_schema);');
    expect(await numbers(pendingMigrations(tier, { directory }))).toEqual([3]);
    expect(await numbers(migrate(tier, { directory }))).toEqual([3]);
    await requireCurrentSchema(tier, { directory });
    expect(await schemaVersion(tier)).toBe(3);
    const { rows } = await tier.query('SELECT * FROM first ORDER BY a');
    expect(rows).toEqual([
      { a: 1, b: null },
      { a: 2, b: oddSchema },
    ]);
  });

  it('finds what another process did when several migrate at once', async () => {
    const tier = tierOf();
    const all = await Promise.all(Array.from({ length: 3 }, () => numbers(migrate(tier, { directory }))));
    expect(all.flat().sort((a, b) => a - b)).toEqual([1, 2]);
    expect((await tier.query('SELECT * FROM first')).count).toBe(1);
  });

  it('refuses a database of a newer Stockroom', async () => {
    const tier = tierOf();
    await migrate(tier, { directory });
    await rm(join(directory, '000002_second.sql'));
    const details = { database: 2, shipped: 1 };
    expect(await thrownBy(migrate(tier, { directory }))).toMatchObject({ code: 'SCHEMA_TOO_NEW', details });
    expect(await thrownBy(pendingMigrations(tier, { directory }))).toMatchObject({ code: 'SCHEMA_TOO_NEW' });
  });

  it('refuses a migration that was changed after it was applied', async () => {
    const tier = tierOf();
    await migrate(tier, { directory });
    await write(
      '000001_first.sql',
      'CREATE TABLE first (a int); -- a table\r\nINSERT INTO first VALUES (1);',
    );
    expect(await migrate(tier, { directory })).toEqual([]);
    await write('000001_first.sql', 'CREATE TABLE first (a bigint);');
    expect(await thrownBy(migrate(tier, { directory }))).toMatchObject({
      code: 'SCHEMA_CHANGED',
      details: { number: 1 },
    });
  });

  it('undoes a migration that fails, keeps those before it and names it', async () => {
    const tier = tierOf();
    await write('000003_broken.sql', 'CREATE TABLE third (a int); SELECT 1 / 0;');
    const error = await thrownBy(migrate(tier, { directory }));
    expect(error).toMatchObject({ message: expect.stringContaining('Migration 3 (broken)') as unknown });
    expect(sqlState(error)).toBe('22012');
    expect(await schemaVersion(tier)).toBe(2);
    expect(sqlState(await thrownBy(tier.query('SELECT * FROM third')))).toBe('42P01');
  });

  it('refuses files with a gap between their numbers', async () => {
    await write('000004_fourth.sql', 'SELECT 1');
    expect(await thrownBy(migrate(tierOf(), { directory }))).toMatchObject({ code: 'INTERNAL' });
  });
}
