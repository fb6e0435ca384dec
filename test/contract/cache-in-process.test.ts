import { systemClock } from '../../src/core/clock.ts';
import { Space } from '../../src/tiers/hot/in-process/space.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import { cacheSuite } from './cache/suite.ts';

const space = new Space({ maxEntries: 100_000, maxBytes: 256 * 2 ** 20, clock: systemClock });

/** Two tiers over one space are to each other like two processes over one Redis. */
cacheSuite({
  name: 'in the process',
  open: async () => createInProcessTier({ prefix: 'contract:', space }),
});
