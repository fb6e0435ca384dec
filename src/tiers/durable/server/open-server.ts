import { Client } from 'pg';
import { StockroomError } from '../../../core/errors.ts';
import { defaultLimits, type Limits, sessionSettings } from '../connection.ts';
import type { DurableTier } from '../port.ts';
import { createTier } from '../tier.ts';
import { type Address, addressOf } from './address.ts';
import { clientConfig, unreachable } from './client.ts';
import { ServerDriver } from './driver.ts';

export interface ServerOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly schema: string;
  readonly poolMax: number;
  /** Where `analytics` of the tier reads; connected to when it is first used. */
  readonly replicaUrl?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

const oldestVersion = 15;

/**
 * Connects to a server and checks that Stockroom can work with it.
 *
 * @throws StockroomError CONFIG_INVALID, DATABASE_UNREACHABLE, DATABASE_TOO_OLD
 */
export async function openServer(options: ServerOptions): Promise<DurableTier> {
  const { schema, poolMax, replicaUrl, limits } = options;
  const address = addressOf(options.url, schema);
  const replicaAddress =
    replicaUrl === undefined ? undefined : addressOf(replicaUrl, schema, 'DATABASE_REPLICA_URL');
  await check(address, schema, limits?.connectTimeoutMs ?? defaultLimits.connectTimeoutMs);
  const replica =
    replicaAddress === undefined ? undefined : new ServerDriver(replicaAddress, { schema, poolMax, limits });
  return createTier(new ServerDriver(address, { schema, poolMax, replica, limits }));
}

async function check(address: Address, schema: string, timeoutMs: number): Promise<void> {
  const client = new Client({
    ...clientConfig(address),
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // What goes wrong is thrown by `connect` and `query`; without a listener it would end the process as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, string>>(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
         current_setting('search_path') AS search_path, current_setting('TimeZone') AS timezone`,
    );
    checkVersion(rows[0]!, address);
    checkSettings(rows[0]!, address, schema);
  } catch (error) {
    throw error instanceof StockroomError ? error : unreachable(error, address.location, 'DATABASE_URL');
  } finally {
    await client.end();
  }
}

function checkVersion(found: Record<string, string>, address: Address): void {
  if (Number(found['number']) >= oldestVersion * 10_000) return;
  throw new StockroomError(
    'DATABASE_TOO_OLD',
    `PostgreSQL at ${address.location} is version ${found['version']}, and Stockroom needs ${oldestVersion} or newer. ` +
      'Upgrade the server, or unset DATABASE_URL to use the embedded database.',
    { details: { version: found['version'] } },
  );
}

/** Some connection poolers drop the settings of a session; with them gone every name and time would be misread. */
function checkSettings(found: Record<string, string>, address: Address, schema: string): void {
  const expected = sessionSettings(schema);
  if (found['search_path'] === expected['search_path'] && found['timezone'] === expected['TimeZone']) return;
  throw new StockroomError(
    'CONFIG_INVALID',
    `DATABASE_URL: something between Stockroom and PostgreSQL at ${address.location} drops the settings of a session ` +
      '(expected a search_path with the schema, found ' +
      `${found['search_path']}). Connect to the server itself, or let the pooler pass \`options\`.`,
  );
}
