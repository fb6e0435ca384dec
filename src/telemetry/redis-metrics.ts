import { Gauge, type Registry } from 'prom-client';
import type { RedisFigures, RedisServer, Replica } from '../core/server-figures.ts';
import { type Figure, figureTable, type Sample } from './figure-table.ts';

const flag = (value: boolean): number => (value ? 1 : 0);
const ofReplicas =
  (read: (replica: Replica) => number | undefined) =>
  ({ replicas }: RedisFigures): Sample[] =>
    replicas.map((replica) => [{ replica: replica.name }, read(replica)]);

const figures: readonly Figure<RedisFigures>[] = [
  [
    'stockroom_redis_info',
    'Always 1; the version and the role of the server are labels',
    ({ version, role }) => [[{ version, role }, 1]],
  ],
  ['stockroom_redis_uptime_seconds', 'Since the server started', (of) => of.uptimeSeconds],
  ['stockroom_redis_keys', 'Keys in all databases of the server', (of) => of.keys],
  ['stockroom_redis_memory_used_bytes', 'Memory that the server uses', (of) => of.memoryUsedBytes],
  ['stockroom_redis_memory_limit_bytes', 'maxmemory; 0: no limit', (of) => of.memoryLimitBytes],
  ['stockroom_redis_evicted_keys_total', 'Keys removed to make room', (of) => of.evictedKeys],
  ['stockroom_redis_expired_keys_total', 'Keys whose time was over', (of) => of.expiredKeys],
  ['stockroom_redis_keyspace_hits_total', 'Keys that were looked up and there', (of) => of.hits],
  ['stockroom_redis_keyspace_misses_total', 'Keys that were looked up and not there', (of) => of.misses],
  ['stockroom_redis_commands_total', 'Commands that the server ran, of anybody', (of) => of.commands],
  ['stockroom_redis_connected_clients', 'Connections of clients to the server', (of) => of.clients],
  ['stockroom_redis_clients_limit', 'maxclients', (of) => of.clientsMax],
  [
    'stockroom_redis_rejected_connections_total',
    'Connections refused because there were too many',
    (of) => of.rejectedConnections,
  ],
  ['stockroom_redis_rdb_ok', '1 unless the last snapshot failed', (of) => flag(of.snapshot.ok)],
  [
    'stockroom_redis_rdb_last_save_timestamp_seconds',
    'When the last snapshot was written, by the clock of the server',
    (of) => of.snapshot.savedAtSeconds,
  ],
  ['stockroom_redis_rdb_changes', 'Writes since the last snapshot', (of) => of.snapshot.changesSince],
  [
    'stockroom_redis_aof_enabled',
    '1 when the server keeps an append-only file',
    (of) => flag(of.appendOnly.enabled),
  ],
  [
    'stockroom_redis_aof_ok',
    '1 unless the last write to the append-only file, or the last rewrite of it, failed',
    (of) => flag(of.appendOnly.ok),
  ],
  ['stockroom_redis_connected_replicas', 'Replicas that follow the server', (of) => of.replicas.length],
  [
    'stockroom_redis_replica_lag_bytes',
    'What the replica has not acknowledged yet of what the server wrote',
    ofReplicas((replica) => replica.lagBytes),
  ],
  [
    'stockroom_redis_replica_lag_seconds',
    'Since the replica acknowledged something; 0 or 1 is what a healthy one has',
    ofReplicas((replica) => replica.lagSeconds),
  ],
];

const labelNames = {
  stockroom_redis_info: ['version', 'role'],
  stockroom_redis_replica_lag_bytes: ['replica'],
  stockroom_redis_replica_lag_seconds: ['replica'],
};

export interface RedisMetrics {
  observe(servers: readonly RedisServer[]): void;
}

/** The figures of the servers of Redis themselves. They and their replicas are few: where each is may be a label. */
export function redisMetrics(registers: Registry[]): RedisMetrics {
  const up = new Gauge({
    name: 'stockroom_redis_up',
    help: '1 when the server told of itself, else 0',
    labelNames: ['location'] as const,
    registers,
  });
  const table = figureTable(registers, figures, ['location'], labelNames);
  return {
    observe(servers) {
      up.reset();
      for (const { location, figures: found } of servers) up.set({ location }, flag(found !== undefined));
      table.observe(
        servers.flatMap(({ location, figures: found }) =>
          found === undefined ? [] : [{ labels: { location }, figures: found }],
        ),
      );
    },
  };
}
