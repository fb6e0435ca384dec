import { messageOf, StockroomError } from '../../core/errors.ts';
import { DISK_REMEDY, wayIn, whyOf } from '../../tiers/hot/redis/replies.ts';
import { fail, type Found, ok, skip, warn } from './finding.ts';
import type { Patient } from './patient.ts';
import type { RedisNodeFacts } from './redis-nodes.ts';

const POLICY = 'allkeys-lru';
const NO_REDIS = 'No Redis is configured: the hot tier is in each process.';
const number = ({ info }: RedisNodeFacts, name: string): number => Number(info[name] ?? 0);

export async function redisReach({ hot, nodeFailures }: Patient): Promise<Found> {
  if (hot.kind === 'in-process') return ok(NO_REDIS);
  try {
    const { version } = await hot.ping();
    // A user may be let in, and have no right to our keys.
    await hot.statistics.counts(`${hot.prefix}hist:meta`);
    const evidence = { location: hot.location, topology: hot.topology, version };
    if (nodeFailures.length === 0) return ok('Redis answers.', evidence);
    return warn(
      'A server of Redis does not let itself be asked about itself.',
      { ...evidence, failures: nodeFailures },
      'Give the user of REDIS_URL the commands INFO and TIME, or start that server.',
    );
  } catch (error) {
    return unreached(hot, error);
  }
}

/** Redis that is away is started; one that keeps us out is not. */
function unreached({ location, topology }: Patient['hot'], error: unknown): Found {
  const known = error instanceof StockroomError ? error : undefined;
  const access = wayIn(known?.details['redisCode']);
  const why = known?.cause === undefined ? messageOf(error) : whyOf(known.cause);
  return fail(
    `Redis ${access === undefined ? 'does not answer' : 'keeps us out'}: ${why}`,
    { location, topology },
    `${access ?? 'Start it, or correct REDIS_URL.'} Until then every read goes to PostgreSQL, and nothing is lost.`,
  );
}

/** For what a server says of itself: without one that says anything there is nothing to find fault with. */
export function onRedis(check: (patient: Patient) => Found) {
  return (patient: Patient): Found => {
    if (patient.hot.kind === 'in-process') return ok(NO_REDIS);
    return patient.nodes.length === 0 ? skip('Redis cannot be asked.') : ofThose(check(patient), patient);
  };
}

/** Well are the servers that could be asked. */
function ofThose(found: Found, { nodeFailures }: Patient): Found {
  if (found.status !== 'ok' || nodeFailures.length === 0) return found;
  const finding = `${found.finding} Not looked at: a server that cannot be asked.`;
  return { ...found, finding, evidence: { ...found.evidence, not_asked: nodeFailures } };
}

export function redisVersion({ nodes, thresholds: { oldestRedis } }: Patient): Found {
  const versions = nodes.map(({ location, info }) => ({
    location,
    version: info['valkey_version'] ?? info['redis_version'] ?? 'unknown',
  }));
  const old = versions.filter(({ version }) => !(Number.parseInt(version, 10) >= oldestRedis));
  if (old.length === 0) return ok('Its version can be used.', { versions });
  return fail(
    `Redis is older than version ${oldestRedis}.`,
    { versions: old },
    `Upgrade to Redis ${oldestRedis} or Valkey 8, or newer.`,
  );
}

export function redisEviction({ nodes, thresholds: { memoryWarnShare } }: Patient): Found {
  const facts = nodes.map((node) => ({
    location: node.location,
    policy: node.info['maxmemory_policy'] ?? 'unknown',
    used_bytes: number(node, 'used_memory'),
    limit_bytes: number(node, 'maxmemory'),
    evicted_keys: number(node, 'evicted_keys'),
  }));
  const full = facts.filter(
    ({ policy, used_bytes: used, limit_bytes: limit }) =>
      policy === 'noeviction' && limit > 0 && used > limit * memoryWarnShare,
  );
  const set = `CONFIG SET maxmemory-policy ${POLICY}, and the same in redis.conf: every key can be made again.`;
  if (full.length > 0)
    return fail('Redis is nearly full and may evict nothing: it will refuse writes.', { servers: full }, set);
  const other = facts.filter(({ policy }) => policy !== POLICY);
  if (other.length > 0) {
    const any = other.every(({ policy }) => policy.startsWith('allkeys-'));
    const cost = any
      ? 'keys that are in use may go first'
      : 'when it is full it refuses writes, or drops what is used';
    return warn(`Redis does not evict by ${POLICY}: ${cost}.`, { servers: other }, set);
  }
  const unlimited = facts.filter(({ limit_bytes: limit }) => limit === 0);
  if (unlimited.length === 0) return ok(`It evicts by ${POLICY}.`, { servers: facts });
  return warn(
    'Redis has no limit of memory: it grows until the system ends it.',
    { servers: unlimited },
    'CONFIG SET maxmemory to what it may have (of a machine of its own about three quarters), and the same in redis.conf.',
  );
}

export function redisPersistence({ nodes }: Patient): Found {
  const facts = nodes.map(({ location, info, snapshots }) => ({
    location,
    last_snapshot: info['rdb_last_bgsave_status'] ?? 'unknown',
    snapshots_off: snapshots === 'off',
    append_only: info['aof_enabled'] === '1',
    last_append: info['aof_last_write_status'] ?? 'unknown',
  }));
  const failing = facts.filter(
    // With snapshots off the last one may have failed long ago: nothing is refused for it.
    ({ last_snapshot: snapshot, snapshots_off: off, append_only: on, last_append: append }) =>
      (snapshot === 'err' && !off) || (on && append === 'err'),
  );
  if (failing.length === 0)
    return ok('Nothing that is kept depends on the disk of Redis; it does not fail on it.', {
      servers: facts,
    });
  return fail(
    'Redis could not write to its disk: by default it refuses writes then.',
    { servers: failing },
    DISK_REMEDY,
  );
}

export function redisConnections({ nodes, thresholds: { connectionsWarnShare } }: Patient): Found {
  const facts = nodes.map((node) => ({
    location: node.location,
    clients: number(node, 'connected_clients'),
    max: number(node, 'maxclients'),
    rejected: number(node, 'rejected_connections'),
  }));
  const tight = facts.filter(({ clients, max }) => max > 0 && clients > max * connectionsWarnShare);
  if (tight.length === 0) return ok('It has connections to spare.', { servers: facts });
  return warn(
    'Redis is nearly out of connections.',
    { servers: tight },
    'Raise maxclients, or look with CLIENT LIST for who holds them: a process of Stockroom needs one a server.',
  );
}
