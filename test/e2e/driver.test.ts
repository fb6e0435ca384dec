import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDurable, migrate } from '../../src/tiers/durable/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { Process, requireBuilt } from './process.ts';

describe.skipIf(!existsSync('/proc/self/maps'))('a service on PostgreSQL whose stores are complete', () => {
  let database: TestDatabase;
  let scratch: string;
  let service: Process | undefined;
  beforeEach(async () => {
    requireBuilt();
    database = await freshDatabase();
    scratch = mkdtempSync(join(tmpdir(), 'stockroom-driver-'));
  });
  afterEach(async () => {
    service?.child.kill('SIGKILL');
    await service?.ended();
    await database.drop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('does not load the driver of SQLite', async () => {
    const tier = await openDurable({
      databaseUrl: database.url,
      databasePoolMax: 2,
      dataDir: scratch,
      schema: 'stockroom',
    });
    await migrate(tier);
    await tier.query(
      "INSERT INTO migration_stages (store, stage, state, epoch, ramp, directory) VALUES ('llm-costs', 'complete', 'open', 9, 100, '/old')",
    );
    await tier.close();
    const port = await freePort();
    service = new Process(
      ['serve'],
      { DATABASE_URL: database.url, STOCKROOM_DATA_DIR: scratch, PORT: String(port) },
      scratch,
    );
    const url = `http://127.0.0.1:${port}`;
    await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).ok).toBe(true), {
      timeout: 30_000,
      interval: 100,
    });
    const written = await fetch(`${url}/v1/llm/requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', tokens_input: 1, tokens_output: 1 }),
    });
    const stages = (await (await fetch(`${url}/v1/stages`)).json()) as {
      items: { store: string; stage: string }[];
    };
    expect(written.status).toBeLessThan(300);
    expect(stages.items.find(({ store }) => store === 'llm-costs')).toMatchObject({ stage: 'complete' });
    const modules = readFileSync(`/proc/${service.child.pid}/maps`, 'utf8').match(/\S+\.node$/gm) ?? [];
    expect(modules.filter((path) => path.includes('better_sqlite3'))).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
