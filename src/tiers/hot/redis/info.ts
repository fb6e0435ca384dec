import type { HotInfo } from '../port.ts';
import { fieldOf } from './session.ts';

/** The answers of `INFO` of all servers, summed. */
export function infoOf(answers: readonly string[]): HotInfo {
  const first = answers[0] ?? '';
  const sum = (name: string): number =>
    answers.reduce((total, info) => total + Number(fieldOf(info, name) || 0), 0);
  return {
    version: fieldOf(first, 'redis_version'),
    keys: answers.reduce((total, info) => total + keysOf(info), 0),
    memoryBytes: sum('used_memory'),
    memoryLimitBytes: sum('maxmemory'),
    evictionPolicy: fieldOf(first, 'maxmemory_policy'),
    evictedKeys: sum('evicted_keys'),
    hits: sum('keyspace_hits'),
    misses: sum('keyspace_misses'),
    clients: sum('connected_clients'),
  };
}

/** `db0:keys=12,expires=3,…`, a line a database. */
export function keysOf(info: string): number {
  return [...info.matchAll(/^db\d+:keys=(\d+)/gm)].reduce((total, [, keys]) => total + Number(keys), 0);
}
