import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { tells } from '../../../test/support/findings.ts';
import { askRedis } from '../../../test/support/redis-commands.ts';
import { startRedis } from '../../../test/support/servers.ts';
import { loadConfig } from '../../core/config.ts';
import { openHot } from '../../tiers/hot/index.ts';
import { examine, type Finding } from './doctor.ts';

let database: TestDatabase;
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});
afterAll(() => database.drop());

/** What doctor finds with this Redis, by check. */
async function found(redisUrl: string, databaseUrl = database.url): Promise<Record<string, Finding>> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
  const hot = await openHot({ redis: config.redis, settings: { timeoutMs: 1_000, slowMs: 1_000 } });
  try {
    const { findings } = await examine({ config, hot });
    return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
  } finally {
    await hot.close();
  }
}

describe('doctor without a Redis that lets itself be used', () => {
  const ofRedis = ['redis-version', 'redis-eviction', 'redis-persistence', 'redis-connections'];

  it('does not call well what it could not ask a Redis that is away', async () => {
    const all = await found('redis://127.0.0.1:1');
    for (const check of ofRedis) tells(all[check], 'skip', /^Not looked at: Redis cannot be asked\./);
    tells(all['clocks'], 'ok', /^The clocks agree\. Not looked at: Redis cannot be asked\./);
    tells(all['latency'], 'ok', /^PostgreSQL answers quickly\. Not looked at: Redis cannot be asked\./);
  });

  it('calls nothing quick, and no clock right, when PostgreSQL is away too', async () => {
    const all = await found('redis://127.0.0.1:1', 'postgresql://u@127.0.0.1:1/none');
    expect(all['redis']!.finding).toBe('Redis does not answer: connect ECONNREFUSED 127.0.0.1:1');
    for (const check of ['clocks', 'latency'])
      tells(all[check], 'skip', /^Not looked at: PostgreSQL and Redis cannot be asked\./);
  });

  it('does not send somebody to start a Redis that refuses the user or the password', async () => {
    const server = await startRedis();
    endings.push(() => server.stop());
    const acl = (...rules: string[]): Promise<unknown> => askRedis(server.port, 'ACL', 'SETUSER', ...rules);
    await acl('modest', 'on', '>right', '~*', '&*', '+@all', '-role');
    await acl('default', 'off');
    const as = (login: string) => found(server.url.replace('//', `//${login}`));
    for (const [login, code] of [
      ['modest:wrong@', 'WRONGPASS'],
      ['', 'NOAUTH'],
    ] as const) {
      const all = await as(login);
      tells(all['redis'], 'fail', new RegExp(`^Redis keeps us out: ${code} `));
      expect(all['redis']!.remedy).toMatch(
        /^Correct .*password: in REDIS_URL, or REDIS_USERNAME and REDIS_PASS/,
      );
      for (const check of ofRedis) tells(all[check], 'skip', /^Not looked at: Redis cannot be asked\./);
    }
    const limited = await as('modest:right@');
    tells(
      limited['redis'],
      'fail',
      /^Redis keeps us out: NOPERM .*Give the user of REDIS_URL or REDIS_USERNAME/,
    );
    tells(limited['redis-version'], 'ok', /can be used/);
    tells(limited['latency'], 'ok', /Not looked at: Redis cannot be asked\./);
  });
});
