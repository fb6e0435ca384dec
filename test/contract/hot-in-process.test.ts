import { systemClock } from '../../src/core/clock.ts';
import { Space } from '../../src/tiers/hot/in-process/space.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';
import type { HotTier } from '../../src/tiers/hot/port.ts';
import { LONG_MS } from './hot/subject.ts';
import { hotSuite } from './hot/suite.ts';

const MAX_ENTRIES = 10_000;
// Characters with a meaning in patterns: none may be taken for one.
const prefix = 'st*ck[room]:';
const space = new Space({ maxEntries: MAX_ENTRIES, maxBytes: 64 * 2 ** 20, clock: systemClock });
const open = async (): Promise<HotTier> => createInProcessTier({ prefix, space });

/** Two tiers over one space are to each other like two processes over one Redis. */
hotSuite({
  name: 'in the process',
  open,
  async evict() {
    const tier = await open();
    for (let index = 0; index < MAX_ENTRIES; index += 1) {
      await tier.leases.acquire(`${prefix}filler:${index}`, LONG_MS);
    }
    for (let index = 0; index < MAX_ENTRIES; index += 1) {
      await tier.entries.drop([`${prefix}filler:${index}`]);
    }
    await tier.close();
  },
});
