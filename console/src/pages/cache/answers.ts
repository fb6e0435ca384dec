export interface HotInfo {
  kind: 'redis' | 'in-process';
  topology: string;
  location: string;
  prefix: string;
  version: string;
  keys: number;
  memory_bytes: number;
  memory_limit_bytes: number | null;
  eviction_policy: string;
  evicted_keys: number;
  hits: number;
  misses: number;
  hit_rate: number | null;
  clients: number;
  breaker: string;
  nodes: { location: string; connected: boolean; breaker: string }[];
}

export interface KeyItem {
  key: string;
  type: string;
  ttl_ms: number | null;
  bytes: number | null;
  length: number;
}

export interface KeyLook extends KeyItem {
  value: unknown;
  complete: boolean;
}

export interface CacheStats {
  copies: number;
  migrated: number;
  oldest: string | null;
  newest: string | null;
  fresh_hits: number;
  copies_given: number;
  misses: number;
  fetches: number;
  fetch_failures: number;
  copy_failures: number;
  writes: number;
  invalidations: number;
}
