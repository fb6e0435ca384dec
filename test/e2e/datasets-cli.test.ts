import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStockroom } from '../../src/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { askRedis } from '../support/redis-commands.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { type Ended, type Environment, Process, requireBuilt } from './process.ts';

let scratch: string;
let database: TestDatabase;
let redis: Server;
let env: Environment;

const call = (...argv: string[]): Promise<Ended> => new Process(argv, env, scratch).ended();
const json = async (
  ...argv: string[]
): Promise<{ exit: number | null; document: Record<string, unknown> }> => {
  const { exit, out } = await call(...argv, '--json');
  return { exit, document: JSON.parse(out) as Record<string, unknown> };
};

beforeAll(async () => {
  requireBuilt();
  scratch = mkdtempSync(join(tmpdir(), 'stockroom-datasets-cli-'));
  database = await freshDatabase();
  redis = await startRedis();
  env = { DATABASE_URL: database.url, REDIS_URL: redis.url, STOCKROOM_DATA_DIR: join(scratch, 'data') };
  const stockroom = await openStockroom({ env });
  for (const day of ['2026-01-05', '2026-02-05']) {
    await stockroom.stores.llmCosts.log({
      model: 'gpt-4o',
      tokens_input: 1_000,
      tokens_output: 100,
      created_at: `${day}T00:00:00Z`,
    });
  }
  await stockroom.close();
});
afterAll(async () => {
  await redis?.stop();
  await database?.drop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('the command line about histories and keys', () => {
  it('verifies the keys, says which one differs, and builds them anew', async () => {
    expect((await json('hot', 'rebuild')).exit).toBe(0);
    expect(await json('hot', 'verify', 'llm-costs')).toMatchObject({ exit: 0, document: { ok: true } });
    const [key] = await askRedis<string[]>(redis.port, 'KEYS', 'stockroom:llm:requests');
    expect(key).toBe('stockroom:llm:requests');
    await askRedis(redis.port, 'ZADD', key!, '1', 'nobody');
    const { exit, out } = await call('hot', 'verify', 'llm-costs');
    expect(exit).toBe(4);
    expect(out).toContain('stockroom:llm:requests differs from PostgreSQL');
    expect((await call('hot', 'rebuild', 'llm-costs')).exit).toBe(0);
    expect((await call('hot', 'verify')).exit).toBe(0);
    expect(await call('hot', 'verify', 'nothing')).toMatchObject({ exit: 2 });
  });

  it('exports a history, as of a time too', async () => {
    const { exit, document } = await json(
      'export',
      'llm-costs',
      '--format',
      'ndjson',
      '--as-of',
      '2026-01-31',
    );
    expect(exit).toBe(0);
    expect(document).toMatchObject({ format: 'ndjson', files: [{ table: 'llm_requests', rows: 1 }] });
    const text = readFileSync(join(scratch, 'llm_requests.ndjson'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ model: 'gpt-4o', created_at: '2026-01-05T00:00:00.000000Z' });
    expect(await call('export', 'llm-costs', '--format', 'xls')).toMatchObject({ exit: 2 });
    expect(await call('export', 'nothing')).toMatchObject({ exit: 2 });
  });

  it('says what it would archive, archives it, and the keys follow', async () => {
    const said = await call('archive', 'llm-costs', '--older-than', '0');
    expect(said).toMatchObject({ exit: 0 });
    expect(said.out).toContain('llm_requests  2 rows would be archived');
    expect(await json('archive', 'llm-costs', '--older-than', '0', '--apply')).toMatchObject({
      exit: 0,
      document: { tables: [{ table: 'llm_requests', rows: 2, removed: 2, kept: 0 }] },
    });
    expect((await json('hot', 'rebuild')).exit).toBe(0);
    expect((await json('hot', 'verify')).exit).toBe(0);
    expect(await json('archive', 'llm-costs', '--older-than', '0')).toMatchObject({
      document: { tables: [{ rows: 0 }] },
    });
  });
});
