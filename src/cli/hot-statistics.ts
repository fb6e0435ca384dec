import type { HotTier } from '../tiers/hot/index.ts';
import { countKeys, type KeyCount } from './hot-keys.ts';

/** What `stockroom hot stats --json` prints of a Redis. */
export interface HotStatistics {
  ok: true;
  exit: 0;
  kind: 'redis';
  topology: string;
  location: string;
  state: 'up' | 'down';
  breaker: string;
  /** How writes of others are learnt. */
  invalidation: string;
  latency_ms: number;
  server_version: string;
  nodes: { location: string; connected: boolean; breaker: string }[];
  /** `limit_bytes` is null when there is none. */
  memory: { used_bytes: number; limit_bytes: number | null; eviction_policy: string };
  /** Of the whole server, other programs included, since it started. */
  keys: number;
  evicted_keys: number;
  hits: number;
  misses: number;
  /** From 0 to 1; null before the first read. */
  hit_rate: number | null;
  clients: number;
  /** What stands under the prefix. */
  prefix: string;
  families: { family: string; keys: number }[];
  scanned_keys: number;
  scan_complete: boolean;
  warnings: { code: string; detail: string }[];
}

const POLICY = 'allkeys-lru';

/** @throws StockroomError HOT_UNAVAILABLE, HOT_TIMEOUT, HOT_REFUSED */
export async function hotStatistics(
  hot: HotTier,
  scanMax: number,
  onProgress: (keys: number) => void,
): Promise<HotStatistics> {
  const { latencyMs, version } = await hot.ping();
  const info = await hot.info();
  const counted: KeyCount = await countKeys(
    { prefix: hot.prefix, scan: (prefix, cursor) => hot.scan(prefix, cursor) },
    scanMax,
    onProgress,
  );
  const { state, breaker, nodes } = hot.state();
  const reads = info.hits + info.misses;
  return {
    ok: true,
    exit: 0,
    kind: 'redis',
    topology: hot.topology,
    location: hot.location,
    state,
    breaker,
    invalidation: hot.coherence.mode,
    latency_ms: Math.round(latencyMs * 1_000) / 1_000,
    server_version: version,
    nodes: nodes.map(({ location, connected, breaker: ofNode }) => ({
      location,
      connected,
      breaker: ofNode,
    })),
    memory: {
      used_bytes: info.memoryBytes,
      limit_bytes: info.memoryLimitBytes === 0 ? null : info.memoryLimitBytes,
      eviction_policy: info.evictionPolicy,
    },
    keys: info.keys,
    evicted_keys: info.evictedKeys,
    hits: info.hits,
    misses: info.misses,
    hit_rate: reads === 0 ? null : info.hits / reads,
    clients: info.clients,
    prefix: hot.prefix,
    families: [...counted.families],
    scanned_keys: counted.keys,
    scan_complete: counted.complete,
    warnings: warningsOf(info),
  };
}

function warningsOf(info: { memoryLimitBytes: number; evictionPolicy: string }): HotStatistics['warnings'] {
  const warnings: HotStatistics['warnings'] = [];
  if (info.memoryLimitBytes === 0) {
    const detail =
      'Redis has no limit of its memory and takes what the machine has: set maxmemory, as in CONFIG SET maxmemory 1gb, and in redis.conf';
    warnings.push({ code: 'NO_MEMORY_LIMIT', detail });
  }
  if (info.evictionPolicy !== POLICY) {
    const detail = `maxmemory-policy is ${info.evictionPolicy}: once its memory is full, Redis ${consequence(info.evictionPolicy)}. CONFIG SET maxmemory-policy ${POLICY}, and in redis.conf: every key here can be made again`;
    warnings.push({ code: 'EVICTION_POLICY', detail });
  }
  return warnings;
}

function consequence(policy: string): string {
  if (policy === 'noeviction') return 'refuses to write';
  if (policy.startsWith('volatile-')) return 'keeps what has no end of its own, whether it is used or not';
  return 'may drop what is used before what is not';
}
