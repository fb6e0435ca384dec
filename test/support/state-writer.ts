// Puts one value after the other, until it is killed; arguments: REDIS_URL DATABASE_URL FAMILY LAG_MS.
// Prints a line `put N` for each that was acknowledged, and `flushed N` for each flush.
import { stateFlush } from '../../src/core/state-diagnostics.ts';
import { openServer } from '../../src/tiers/durable/server/open-server.ts';
import { openHot } from '../../src/tiers/hot/index.ts';
import { createHotState } from '../../src/tiers/state/index.ts';

const [, , redis = '', url = '', family = '', lagMs = ''] = process.argv;
const FOREVER = Number.POSITIVE_INFINITY;

stateFlush.subscribe(({ rows }) => process.stdout.write(`flushed ${rows}\n`));
const hot = await openHot({ redis });
const durable = await openServer({ url, schema: 'stockroom', poolMax: 2 });
const state = createHotState({ hot, durable, settings: { lagMs: Number(lagMs) } });
// Here, not in a function that is called later: modules that are loaded on demand are, while this one is.
for (let count = 0; count < FOREVER; count += 1) {
  await state.put(family, String(count), { count });
  process.stdout.write(`put ${count}\n`);
}
