import { mkdirSync, mkdtempSync, copyFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../test/support/database.ts';
import { tells } from '../../../test/support/findings.ts';
import { askRedis } from '../../../test/support/redis-commands.ts';
import { startRedis } from '../../../test/support/servers.ts';
import { loadConfig } from '../../core/config.ts';
import { shippedDirectory } from '../../tiers/durable/migration-files.ts';
import { type DurableTier, migrate, openDurable } from '../../tiers/durable/index.ts';
import { createInProcessTier } from '../../tiers/hot/in-process/tier.ts';
import { openHot } from '../../tiers/hot/index.ts';
import { examine, type ExamineOptions, type Finding } from './doctor.ts';

const endings: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function found(options: ExamineOptions): Promise<Record<string, Finding>> {
  const { findings } = await examine(options);
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

async function tier(): Promise<{ durable: DurableTier; look: () => Promise<Record<string, Finding>> }> {
  const database = await freshDatabase();
  endings.push(() => database.drop());
  const config = loadConfig({ DATABASE_URL: database.url });
  const durable = await openDurable(config);
  endings.push(() => durable.close());
  return { durable, look: () => found({ config, hot: createInProcessTier({ prefix: 'stockroom:' }) }) };
}

describe('doctor of a schema', () => {
  it.each([
    [
      'alter table top_picks_runs disable trigger top_picks_runs_append_only',
      /DISABLE TRIGGER top_picks_runs_append_only/,
    ],
    ['alter table agent_sessions set unlogged', /agent_sessions SET UNLOGGED/],
    ['alter table llm_requests enable row level security', /llm_requests ENABLE ROW LEVEL SECURITY/],
    [
      "update pg_catalog.pg_index set indisvalid = false where indexrelid = 'llm_requests_legacy'::regclass",
      /CREATE UNIQUE INDEX llm_requests_legacy/,
    ],
  ])('that is there and does not work: %s', async (sql, seen) => {
    const { durable, look } = await tier();
    await migrate(durable);
    expect((await look())['schema-drift']).toMatchObject({ status: 'ok' });
    await durable.query(sql);
    const { 'schema-drift': drift } = await look();
    expect(drift).toMatchObject({ status: 'fail' });
    expect(JSON.stringify(drift!.evidence)).toMatch(seen);
  });

  it('before an upgrade does not call what is not there yet a failure', async () => {
    const old = mkdtempSync(join(tmpdir(), 'stockroom-old-'));
    endings.push(() => rmSync(old, { recursive: true }));
    mkdirSync(old, { recursive: true });
    const shipped = readdirSync(shippedDirectory).filter((name) => /^0+[12]_/.test(name));
    for (const name of shipped) copyFileSync(join(shippedDirectory, name), join(old, name));
    const { durable, look } = await tier();
    await migrate(durable, { directory: old });
    const all = await look();
    tells(all['schema'], 'warn', /lacks \d+ migrations/);
    for (const check of ['projections', 'stages'])
      tells(all[check], 'skip', /^Not looked at: the schema lacks migrations\./);
  });
});

describe('doctor of a Redis', () => {
  it('that gives its user no right to the keys', async () => {
    const server = await startRedis();
    endings.push(() => server.stop());
    await askRedis(server.port, 'ACL', 'SETUSER', 'other', 'on', '>right', '~other:*', '&*', '+@all');
    const config = loadConfig({ REDIS_URL: server.url.replace('//', '//other:right@') });
    const hot = await openHot({ redis: config.redis, keyPrefix: config.keyPrefix });
    endings.push(() => hot.close());
    tells((await found({ config, hot }))['redis'], 'fail', /^Redis keeps us out: NOPERM .*Give the user/);
  });

  it('that evicts by another order', async () => {
    const server = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lfu']);
    endings.push(() => server.stop());
    const config = loadConfig({ REDIS_URL: server.url });
    const hot = await openHot({ redis: config.redis, keyPrefix: config.keyPrefix });
    endings.push(() => hot.close());
    const { 'redis-eviction': eviction } = await found({ config, hot });
    tells(eviction, 'warn', /may go first/);
    expect(eviction!.finding).not.toContain('refuses');
  });

  it('that failed to write a snapshot, until it has to write none', async () => {
    const server = await startRedis(['--dbfilename', 'taken']);
    endings.push(() => server.stop());
    const { dir } = await askRedis<{ dir: string }>(server.port, 'CONFIG', 'GET', 'dir');
    mkdirSync(join(dir, 'taken'));
    await askRedis(server.port, 'CONFIG', 'SET', 'save', '3600 1');
    await askRedis(server.port, 'BGSAVE');
    await expect
      .poll(() => askRedis<string>(server.port, 'INFO', 'persistence'), { timeout: 20_000 })
      .toContain('rdb_last_bgsave_status:err');
    const config = loadConfig({ REDIS_URL: server.url });
    const hot = await openHot({ redis: config.redis, keyPrefix: config.keyPrefix });
    endings.push(() => hot.close());
    tells((await found({ config, hot }))['redis-persistence'], 'fail', /CONFIG SET save/);
    // What the remedy says; the status of the last one stays as it was.
    await askRedis(server.port, 'CONFIG', 'SET', 'save', '');
    expect((await found({ config, hot }))['redis-persistence']).toMatchObject({ status: 'ok' });
  });
});
