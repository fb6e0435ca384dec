import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LastingPostgres, startLastingPostgres } from '../support/lasting-postgres.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { onFreePort } from '../support/supervised.ts';
import { type Environment, Service } from './service.ts';

/** All that runs for a soak: PostgreSQL, a Redis Cluster of three masters with a replica each, and two services. */
export interface Stage {
  readonly postgres: LastingPostgres;
  readonly cluster: RedisCluster;
  readonly services: readonly [Service, Service];
  readonly env: Environment;
  /** Ends the services. */
  stop(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const scratch = mkdtempSync(join(tmpdir(), 'stockroom-soak-'));
  const undo: (() => Promise<void>)[] = [
    () => Promise.resolve(rmSync(scratch, { recursive: true, force: true })),
  ];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const postgres = await startLastingPostgres();
    undo.push(() => postgres.remove());
    const layout = { masters: 3, replicas: 1 };
    // On a machine that is busy otherwise six nodes may take longer than one attempt to agree.
    const cluster = await startRedisCluster(layout).catch(() => startRedisCluster(layout));
    undo.push(() => cluster.stop());
    const env = { DATABASE_URL: postgres.url, ...cluster.env };
    const start = (index: number, command: 'start' | 'serve'): Promise<Service> =>
      onFreePort(async (port) => {
        const data = { STOCKROOM_DATA_DIR: join(scratch, String(index)) };
        const service = new Service(port, { ...env, ...data }, scratch);
        undo.push(() => service.end('SIGTERM'));
        await service.start(command);
        return service;
      });
    // The first one brings the schema up to date.
    const services = [await start(0, 'start'), await start(1, 'serve')] as const;
    return { postgres, cluster, services, env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
