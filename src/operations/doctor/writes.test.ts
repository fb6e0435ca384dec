import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../test/support/database.ts';
import { tells } from '../../../test/support/findings.ts';
import { startPostgresReplica } from '../../../test/support/postgres-replica.ts';
import { startPostgres } from '../../../test/support/servers.ts';
import { loadConfig } from '../../core/config.ts';
import { migrate, openDurable } from '../../tiers/durable/index.ts';
import { createInProcessTier } from '../../tiers/hot/in-process/tier.ts';
import { examine, type Finding } from './doctor.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function postgresOf(url: string): Promise<Finding> {
  const config = loadConfig({ DATABASE_URL: url });
  const { findings } = await examine({ config, hot: createInProcessTier({ prefix: 'stockroom:' }) });
  return findings.find(({ check }) => check === 'postgres')!;
}

async function madeIn(url: string, more: readonly string[] = []): Promise<void> {
  const durable = await openDurable(loadConfig({ DATABASE_URL: url }));
  try {
    await migrate(durable);
    for (const sql of more) await durable.query(sql);
  } finally {
    await durable.close();
  }
}

describe('doctor of a PostgreSQL that takes no writes', () => {
  it('since it is a standby', async () => {
    const primary = await startPostgres();
    endings.push(() => primary.stop());
    await madeIn(primary.url);
    const standby = await startPostgresReplica(primary);
    endings.push(() => standby.stop());
    expect(await postgresOf(primary.url)).toMatchObject({ status: 'ok' });
    const found = await postgresOf(standby.url);
    tells(found, 'fail', /takes no writes.*Set DATABASE_URL to the primary/);
    expect(found.evidence).toMatchObject({ standby: true });
  });

  it('from its role', async () => {
    const database = await freshDatabase();
    endings.push(() => database.drop());
    const role = `role_${randomBytes(6).toString('hex')}`;
    await madeIn(database.url, [
      `create role ${role} login`,
      `grant usage on schema stockroom to ${role}`,
      `grant select on all tables in schema stockroom to ${role}`,
    ]);
    endings.push(() => madeIn(database.url, [`drop owned by ${role}`, `drop role ${role}`]));
    const url = new URL(database.url);
    url.username = role;
    const found = await postgresOf(url.href);
    tells(
      found,
      'fail',
      /its role may not write to \d+ tables\. GRANT SELECT, INSERT, UPDATE, DELETE .* TO role_/,
    );
    expect(found.evidence['tables']).toContain('llm_requests');
    // The remedy, as it stands there.
    const [grant] = /GRANT .* TO role_\w+/.exec(found.remedy!)!;
    await madeIn(database.url, [grant]);
    expect(await postgresOf(url.href)).toMatchObject({ status: 'ok' });
    await madeIn(database.url, [`alter role ${role} set default_transaction_read_only = on`]);
    tells(
      await postgresOf(url.href),
      'fail',
      /takes no writes.*Undo default_transaction_read_only: .* the role role_/,
    );
  });
});
