import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Tiered from '../../src/tiers/tiered/index.ts';
import { type Contender, type Setup, TTL_MS } from './contender.ts';
import type { Score } from './score.ts';

/**
 * The built Stockroom, as it is published, and not what Vite makes of its sources to run a benchmark: there every call from one module
 * to another goes through an accessor.
 */
const require = createRequire(import.meta.url);
const built = fileURLToPath(new URL('../../dist/tiers/tiered/index.js', import.meta.url));
export const stockroom = require(built) as typeof Tiered;

export const ours: Contender = {
  name: 'stockroom',
  role: 'ours',
  note: 'defaults (values are shared and frozen, a life is jittered by 10 %); invalidations by client tracking, no bus to set up',
  acknowledged: true,
  stream: ({ flags }) => flags.includes('t'),
  open: (setup) => openOurs(setup),
};

/** @param namespace its options beside the life of a value and the number of copies in the process */
export async function openOurs(
  { url, l1Entries }: Setup,
  namespace: Tiered.NamespaceOptions<Score> = {},
): ReturnType<Contender['open']> {
  const hot = await stockroom.openHot({ redis: url, keyPrefix: 'b:' });
  const manager = stockroom.createCache(hot);
  const options = { ttlMs: TTL_MS, l1MaxEntries: l1Entries, ...namespace };
  const cache = manager.namespace<Score>('bench', options);
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    getOrSet: (key, factory) => cache.getOrSet(key, factory),
    getOrSetMany: (keys, factory) => cache.getOrSetMany(keys, (context) => factory(context.keys)),
    close: async () => {
      await manager.close();
      await hot.close();
    },
  };
}
