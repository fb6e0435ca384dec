import type { RedisFigures, RedisServer, Replica } from '../../../core/server-figures.ts';
import { keysOf } from './info.ts';
import type { RedisNode } from './node.ts';
import { fieldOf } from './session.ts';

/** More replicas of one server are not told of. */
const REPLICAS_MAX = 16;

/** What each server says of itself. Never rejects: a server that is away is one without figures. */
export function serversOf(nodes: readonly RedisNode[]): Promise<RedisServer[]> {
  return Promise.all(
    nodes.map(async (node) => {
      const { location } = node;
      // Not asked: a call that is not sent counts as a failed one.
      if (!node.connected || !node.breaker.closed) return { location, figures: undefined };
      try {
        return { location, figures: figuresOf(await node.send<string>(['INFO'])) };
      } catch {
        // Why is counted and told by the node itself.
        return { location, figures: undefined };
      }
    }),
  );
}

/** The answer of `INFO`. */
export function figuresOf(info: string): RedisFigures {
  const number = (name: string): number => Number(fieldOf(info, name)) || 0;
  const ok = (name: string): boolean => fieldOf(info, name) !== 'err';
  return {
    version: fieldOf(info, 'valkey_version') || fieldOf(info, 'redis_version'),
    role: fieldOf(info, 'role'),
    uptimeSeconds: number('uptime_in_seconds'),
    keys: keysOf(info),
    memoryUsedBytes: number('used_memory'),
    memoryLimitBytes: number('maxmemory'),
    evictedKeys: number('evicted_keys'),
    expiredKeys: number('expired_keys'),
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
    commands: number('total_commands_processed'),
    clients: number('connected_clients'),
    clientsMax: number('maxclients'),
    rejectedConnections: number('rejected_connections'),
    snapshot: {
      ok: ok('rdb_last_bgsave_status'),
      savedAtSeconds: number('rdb_last_save_time'),
      changesSince: number('rdb_changes_since_last_save'),
    },
    appendOnly: {
      enabled: fieldOf(info, 'aof_enabled') === '1',
      ok: ok('aof_last_write_status') && ok('aof_last_bgrewrite_status'),
    },
    replicas: replicasOf(info, number('master_repl_offset')),
  };
}

/** `slave0:ip=10.0.0.2,port=6379,state=online,offset=1234,lag=1`, a line a replica. One that is not online yet has no lag. */
function replicasOf(info: string, offset: number): Replica[] {
  return [...info.matchAll(/^slave\d+:(.*?)\r?$/gm)].slice(0, REPLICAS_MAX).map(([, line]) => {
    const parts = new Map(line!.split(',').map((part) => part.split('=', 2) as [string, string]));
    const online = parts.get('state') === 'online';
    return {
      name: `${parts.get('ip')}:${parts.get('port')}`,
      lagBytes: online ? Math.max(0, offset - Number(parts.get('offset'))) : undefined,
      lagSeconds: online ? Number(parts.get('lag')) : undefined,
    };
  });
}
