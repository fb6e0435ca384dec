import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase } from '../support/database.ts';
import { type Server, startRedis } from '../support/servers.ts';
import { openStockroom } from '../../src/index.ts';

describe('the library', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'stockroom-library-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('opens the stores on a server that has never seen Stockroom', async () => {
    const database = await freshDatabase();
    const stockroom = await openStockroom({
      env: { DATABASE_URL: database.url, STOCKROOM_DATA_DIR: dataDir },
    });
    try {
      expect(await stockroom.health()).toMatchObject({
        durable: { kind: 'server' },
        hot: { state: 'up', kind: 'in-process' },
      });
      const usage = await stockroom.stores.llmCosts.usage({ days: 7 });
      expect(usage.total_requests).toBe(0);
    } finally {
      await stockroom.close();
      await database.drop();
    }
  });

  it('opens without a Redis that is configured and away, and connects when it is there', async () => {
    const gone = await startRedis();
    await gone.stop();
    const env = { STOCKROOM_DATA_DIR: dataDir, REDIS_URL: gone.url };
    const database = await freshDatabase();
    const stockroom = await openStockroom({ env: { ...env, DATABASE_URL: database.url } });
    let back: Server | undefined;
    try {
      const { hot } = await stockroom.health();
      expect(hot).toMatchObject({ state: 'down', kind: 'redis', latencyMs: undefined });
      expect(hot.reason).toContain(gone.url.replace('redis://', ''));
      expect((await stockroom.stores.llmCosts.usage({ days: 7 })).total_requests).toBe(0);
      back = await startRedis([], { port: gone.port });
      await vi.waitFor(async () => expect((await stockroom.health()).hot.state).toBe('up'), {
        timeout: 30_000,
        interval: 20,
      });
    } finally {
      await stockroom.close();
      await database.drop();
      await back?.stop();
    }
  });

  it('names the setting that is wrong', async () => {
    await expect(openStockroom({ env: { PORT: 'many' } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
