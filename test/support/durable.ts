import { openEmbedded } from '../../src/tiers/durable/embedded/open-embedded.ts';
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

export async function freshTier(kind: (typeof tierKinds)[number]): Promise<TestTier> {
  if (kind === 'embedded') {
    const durable = await openEmbedded({ memory: true, schema: 'stockroom' });
    await migrate(durable);
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
