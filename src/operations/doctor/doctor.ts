import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../core/config.ts';
import { type DurableTier, openDurable, schemaVersion, sqlState } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import { laggingProjections, quarantineLeft, stalledStages, unpricedModels } from './data.ts';
import { checked, type Finding, type Found, skip } from './finding.ts';
import { isThere, type Patient } from './patient.ts';
import {
  postgresConnections,
  postgresPersistence,
  postgresReach,
  postgresSettings,
  postgresVersion,
} from './postgres.ts';
import {
  onRedis,
  redisConnections,
  redisEviction,
  redisPersistence,
  redisReach,
  redisVersion,
} from './redis.ts';
import { askNodes } from './redis-nodes.ts';
import { lacksMigrations, schemaDrift, schemaIsCurrent } from './schema.ts';
import { dataDirectory, settingsFit } from './settings.ts';
import { clocks, latency } from './speed.ts';
import { thresholds } from './thresholds.ts';

export type { Finding } from './finding.ts';

export interface ExamineOptions {
  readonly config: Config;
  /** Stays open. */
  readonly hot: HotTier;
  readonly thresholds?: Partial<Patient['thresholds']> | undefined;
  readonly now?: (() => number) | undefined;
  readonly onCheck?: ((finding: Finding) => void) | undefined;
}

export interface Examination {
  /** No check failed. */
  readonly ok: boolean;
  readonly findings: Finding[];
}

/** SQLSTATEs of what is not there. */
const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';

type OnDurable = (durable: DurableTier, patient: Patient) => Promise<Found>;

/** In the order in which they are told. */
const checks: readonly [name: string, check: (patient: Patient) => Promise<Found> | Found][] = [
  ['settings', settingsFit],
  ['data-directory', dataDirectory],
  ['postgres', postgresReach],
  ['postgres-version', onDurable(postgresVersion)],
  ['postgres-settings', onDurable(postgresSettings)],
  ['postgres-persistence', onDurable(postgresPersistence)],
  ['postgres-connections', onDurable(postgresConnections)],
  ['redis', redisReach],
  ['redis-version', onRedis(redisVersion)],
  ['redis-eviction', onRedis(redisEviction)],
  ['redis-persistence', onRedis(redisPersistence)],
  ['redis-connections', onRedis(redisConnections)],
  ['clocks', (patient) => clocks(durableOf(patient), patient)],
  ['latency', (patient) => latency(durableOf(patient), patient)],
  ['schema', onDurable(schemaIsCurrent)],
  ['schema-drift', onDurable(schemaDrift)],
  ['unpriced-models', onSchema(unpricedModels)],
  ['projections', onSchema(laggingProjections)],
  ['quarantine', onSchema(quarantineLeft)],
  ['stages', onSchema(stalledStages)],
];

/**
 * Looks at everything, one check after the other, and changes nothing. A tier that is away fails the check of its reach; what can be
 * looked at without it is. Never throws.
 */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { config, hot, now = Date.now, onCheck } = options;
  const asked =
    config.redis === undefined ? { nodes: [], failures: [] } : await askNodes(config.redis, hot, now);
  const unmade = config.databaseUrl === undefined && !existsSync(join(config.dataDir, 'postgresql', 'data'));
  const durable = unmade
    ? { away: undefined, unmade }
    : await openDurable(config).catch((away: unknown) => ({ away }));
  const patient: Patient = {
    config,
    durable,
    hot,
    nodes: asked.nodes,
    nodeFailures: asked.failures,
    thresholds: { ...thresholds, ...options.thresholds },
    now,
  };
  try {
    const findings: Finding[] = [];
    for (const [name, check] of checks) {
      const finding = await checked(name, () => check(patient));
      onCheck?.(finding);
      findings.push(finding);
    }
    return { ok: findings.every(({ status }) => status !== 'fail'), findings };
  } finally {
    if (isThere(durable)) await durable.close();
  }
}

function durableOf({ durable }: Patient): DurableTier | undefined {
  return isThere(durable) ? durable : undefined;
}

function onDurable(check: OnDurable) {
  return async (patient: Patient): Promise<Found> =>
    isThere(patient.durable) ? check(patient.durable, patient) : skip('PostgreSQL cannot be used.');
}

/** For what reads tables: a database without them has nothing to find fault with. */
function onSchema(check: OnDurable) {
  return onDurable(async (durable, patient) => {
    if ((await schemaVersion(durable)) === 0) return skip('there is no schema yet.');
    try {
      return await check(durable, patient);
    } catch (error) {
      // Before an upgrade there is nothing yet where it looks.
      const unknown = sqlState(error) === UNDEFINED_TABLE || sqlState(error) === UNDEFINED_COLUMN;
      if (unknown && (await lacksMigrations(durable))) return skip('the schema lacks migrations.');
      throw error;
    }
  });
}
