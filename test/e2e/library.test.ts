import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../support/database.ts';
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
      expect((await stockroom.health()).durable.kind).toBe('server');
      const usage = await stockroom.stores.llmCosts.usage({ days: 7 });
      expect(usage.total_requests).toBe(0);
    } finally {
      await stockroom.close();
      await database.drop();
    }
  });

  it('names the setting that is wrong', async () => {
    await expect(openStockroom({ env: { PORT: 'many' } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
