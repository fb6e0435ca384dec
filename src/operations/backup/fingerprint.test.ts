import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTier, type TestTier, tierKinds } from '../../../test/support/durable.ts';
import { differences, fingerprint } from './fingerprint.ts';
import type { TableFingerprint } from './manifest.ts';

describe.each(tierKinds)('the fingerprint of tables, %s', (kind) => {
  let tier: TestTier;

  beforeAll(async () => {
    tier = await freshTier(kind);
    await tier.durable.query(`
      create table one (id int, t text, x float8);
      create table other (like one);
      insert into one select n, repeat('x', n % 500), n / 7.0 from generate_series(1, 3000) n;
      insert into other select * from one order by id desc`);
  }, 60_000);
  afterAll(() => tier.remove());

  async function of(...tables: string[]): Promise<TableFingerprint[]> {
    const all = await tier.durable.session((session) =>
      fingerprint(session, 'stockroom', { blocksAtOnce: 3 }),
    );
    return tables.map((table) => all.find(({ name }) => name === table)!);
  }

  it('is that of the rows, wherever they lie and however they are read', async () => {
    const [one, other] = await of('one', 'other');
    expect(one).toMatchObject({ rows: 3_000 });
    expect(other!.sha256).toBe(one!.sha256);
    const whole = await tier.durable.session((session) => fingerprint(session, 'stockroom'));
    expect(whole.find(({ name }) => name === 'one')).toEqual(one);
  });

  it('is another one when a single value changes, or a row comes or goes', async () => {
    const before = await of('other');
    const changed = async (sql: string): Promise<string[]> => {
      await tier.durable.query(sql);
      return differences(before, await of('other'));
    };
    expect(await changed('update other set x = x + 1e-9 where id = 1500')).toEqual([
      'other has other values',
    ]);
    expect(await changed('update other set x = 1500 / 7.0 where id = 1500')).toEqual([]);
    expect(await changed('delete from other where id = 7')).toEqual(['other has 2999 rows instead of 3000']);
    expect(await changed('insert into other select * from other where id = 8')).toEqual([
      'other has other values',
    ]);
  });

  it('tells of tables that are missing, and of others', () => {
    const table = (name: string): TableFingerprint => ({ name, rows: 0, sha256: '' });
    expect(differences([table('a')], [table('b')])).toEqual(['a is missing', 'b is not in the backup']);
  });
});
