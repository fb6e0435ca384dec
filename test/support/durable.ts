import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTemplate, openEmbedded } from '../../src/tiers/durable/embedded/open-embedded.ts';
import { migrate } from '../../src/tiers/durable/migrate.ts';
import type { DurableTier } from '../../src/tiers/durable/port.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { freshDatabase } from './database.ts';

/** A durable tier with an up-to-date schema and nothing in it. */
export interface TestTier {
  durable: DurableTier;
  /** Closes the tier and removes its data. */
  remove(): Promise<void>;
}

/** What a test of a store runs against: both drivers, or one where only the answer matters. */
export const tierKinds = ['server', 'embedded'] as const;

const cache = fileURLToPath(new URL('../../node_modules/.cache/stockroom/', import.meta.url));

/** An embedded database with the present schema, kept between runs: to make one from nothing takes seconds. */
async function migratedTemplate(): Promise<string> {
  const { dependencies } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { dependencies: Record<string, string> };
  const hash = createHash('sha256').update(String(dependencies['@electric-sql/pglite']));
  const sql = new URL('../../sql/', import.meta.url);
  for (const name of readdirSync(sql).sort()) hash.update(name).update(readFileSync(new URL(name, sql)));
  const template = join(cache, `${hash.digest('hex').slice(0, 32)}.tar`);
  if (existsSync(template)) return template;
  mkdirSync(cache, { recursive: true });
  const unfinished = `${template}.${randomUUID()}`;
  await makeTemplate(unfinished, 'stockroom', migrate);
  renameSync(unfinished, template);
  return template;
}

export async function freshTier(kind: (typeof tierKinds)[number]): Promise<TestTier> {
  if (kind === 'embedded') {
    const durable = await openEmbedded({
      memory: true,
      schema: 'stockroom',
      template: await migratedTemplate(),
    });
    return { durable, remove: () => durable.close() };
  }
  const database = await freshDatabase();
  const durable = await openServer({ url: database.url, schema: 'stockroom', poolMax: 4 });
  await migrate(durable);
  return {
    durable,
    async remove() {
      await durable.close();
      await database.drop();
    },
  };
}

/** The same tier with some members replaced. */
export function durableWith(durable: DurableTier, replaced: Partial<DurableTier>): DurableTier {
  return new Proxy(durable, {
    get(target, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
