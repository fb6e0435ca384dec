import { afterAll, beforeAll } from 'vitest';
import { loadConfig } from '../../src/core/config.ts';
import { openHot } from '../../src/tiers/hot/index.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-topologies.ts';
import { cacheSuite } from './cache/suite.ts';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(async () => {
  await cluster?.stop();
});

cacheSuite({
  name: 'Redis Cluster of three masters',
  open: () =>
    openHot({ redis: loadConfig(cluster.env).redis, keyPrefix: 'contract:', settings: { heartbeatMs: 500 } }),
});
