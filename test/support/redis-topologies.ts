// Redis as it is run elsewhere than on one machine: a cluster, sentinels, TLS; and what happens to servers there.
export { type ClusterNode, type RedisCluster, startRedisCluster } from './redis-cluster.ts';
export { type RedisSentinelSet, startRedisSentinel } from './redis-sentinel.ts';
export { startRedisTls, type TlsServer } from './redis-tls.ts';
export { kill, pause, resume } from './signals.ts';
