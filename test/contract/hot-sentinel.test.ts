import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../../src/core/config.ts';
import { openHot } from '../../src/tiers/hot/index.ts';
import { type RedisSentinelSet, startRedisSentinel } from '../support/redis-topologies.ts';
import { hotSuite } from './hot/suite.ts';

let set: RedisSentinelSet;

beforeAll(async () => {
  set = await startRedisSentinel();
});
afterAll(async () => {
  await set?.stop();
});

hotSuite({
  name: 'Redis behind Sentinels',
  open: () => openHot({ redis: loadConfig(set.env).redis, keyPrefix: 'contract:' }),
});
