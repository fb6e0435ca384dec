import { join } from 'node:path';
import type { DurableTier } from './port.ts';

export interface DurableConfig {
  /** PostgreSQL 15 or newer; without it the embedded database is opened. */
  readonly databaseUrl?: string | undefined;
  readonly databaseReplicaUrl?: string | undefined;
  readonly databasePoolMax: number;
  /** Data of Stockroom; the embedded database is in `postgresql` below it. */
  readonly dataDir: string;
  readonly schema: string;
}

/**
 * Opens PostgreSQL as the configuration says. The schema is left as it is: see migrate.ts.
 * Only the driver in use is loaded: the embedded one brings a WebAssembly module and a native one.
 *
 * @throws StockroomError CONFIG_INVALID, DATABASE_UNREACHABLE, DATABASE_TOO_OLD, EMBEDDED_IN_USE, EMBEDDED_FAILED
 */
export async function openDurable(config: DurableConfig): Promise<DurableTier> {
  const { databaseUrl, schema } = config;
  if (databaseUrl === undefined) {
    const { openEmbedded } = await import('./embedded/open-embedded.ts');
    return await openEmbedded({ dataDir: join(config.dataDir, 'postgresql'), schema });
  }
  const { openServer } = await import('./server/open-server.ts');
  return await openServer({
    url: databaseUrl,
    schema,
    poolMax: config.databasePoolMax,
    replicaUrl: config.databaseReplicaUrl,
  });
}
