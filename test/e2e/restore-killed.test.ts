import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backUp, restore } from '../../src/operations/index.ts';
import { type Manifest, writeManifest } from '../../src/operations/backup/manifest.ts';
import { migrate, openDurable } from '../../src/tiers/durable/index.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { emptyPlace, load, type Place } from '../support/backup.ts';
import { Process, requireBuilt } from './process.ts';

const KILLS_MS = [150, 400, 700, 1_000, 1_300, 1_800];

let from: Place;
let directory: string;
let manifest: Manifest;
const hot = createInProcessTier({ prefix: 'stockroom:' });

beforeAll(async () => {
  requireBuilt();
  from = await emptyPlace('server');
  const durable = await openDurable(from.config);
  await migrate(durable);
  await load(durable, from.directory);
  directory = join(from.directory, 'backup');
  ({ manifest } = await backUp({ config: from.config, hot, directory, env: process.env }));
  await durable.close();
});
afterAll(async () => {
  await hot.close();
  await from.remove();
});

/** Rows of every table by its name; undefined: the schema is not there. */
async function rowsIn(place: Place): Promise<Record<string, number> | undefined> {
  const durable = await openDurable(place.config);
  try {
    const { rows } = await durable.query<{ name: string }>(
      "select tablename as name from pg_catalog.pg_tables where schemaname = 'stockroom' order by 1",
    );
    if (rows.length === 0) return undefined;
    const counts: Record<string, number> = {};
    for (const { name } of rows) {
      const { rows: found } = await durable.query<{ n: bigint }>(`select count(*) as n from "${name}"`);
      counts[name] = Number(found[0]!.n);
    }
    return counts;
  } finally {
    await durable.close();
  }
}

/** The pg_restore of a killed process goes on, or ends, by itself. */
async function untilAlone(place: Place): Promise<void> {
  const durable = await openDurable(place.config);
  try {
    await vi.waitFor(
      async () => {
        const { rows } = await durable.query(
          'select from pg_catalog.pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        );
        expect(rows).toEqual([]);
      },
      { timeout: 30_000, interval: 50 },
    );
  } finally {
    await durable.close();
  }
}

describe('a restore that is killed', () => {
  it.each(KILLS_MS)('after %i ms leaves nothing or everything, and the next one ends well', async (ms) => {
    const to = await emptyPlace('server');
    try {
      const env = { DATABASE_URL: to.config.databaseUrl!, STOCKROOM_DATA_DIR: to.directory };
      const restoring = new Process(['restore', directory], env, to.directory);
      const killing = setTimeout(() => restoring.child.kill('SIGKILL'), ms);
      await restoring.ended();
      clearTimeout(killing);
      await untilAlone(to);
      const whole = Object.fromEntries(manifest.durable.tables.map(({ name, rows }) => [name, rows]));
      const left = await rowsIn(to);
      expect([undefined, whole]).toContainEqual(left);
      const again = () => restore({ config: to.config, hot, directory, env: process.env });
      if (left !== undefined) {
        // It was restored, and not proven, or not told to be.
        await expect(again()).rejects.toMatchObject({
          code: 'TARGET_EXISTS',
          message: expect.stringContaining('stockroom'),
        });
        const durable = await openDurable(to.config);
        await durable.query('drop schema stockroom cascade');
        await durable.close();
      }
      expect(await again()).toMatchObject({ tables: manifest.durable.tables.length });
      expect(await rowsIn(to)).toEqual(whole);
    } finally {
      await to.remove();
    }
  });
});

it('a backup of a newer Stockroom is refused, and nothing is touched', async () => {
  const to = await emptyPlace('server');
  const text = readFileSync(join(directory, 'manifest.json'), 'utf8');
  try {
    await writeManifest(directory, { ...manifest, durable: { ...manifest.durable, schema_version: 999 } });
    await expect(restore({ config: to.config, hot, directory, env: process.env })).rejects.toMatchObject({
      code: 'SCHEMA_TOO_NEW',
      message: expect.stringContaining('999'),
    });
    expect(await rowsIn(to)).toBeUndefined();
  } finally {
    await writeManifest(directory, JSON.parse(text) as Manifest);
    await to.remove();
  }
});
