import { join } from 'node:path';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { makeOwnFile, syncFile } from './files.ts';
import { fingerprint, type OnTable } from './fingerprint.ts';
import { type Environment, findProgram, libpqEnvironment, run } from './programs.ts';
import type { TableFingerprint } from './manifest.ts';

/** In the custom format of `pg_dump`, which `pg_restore` reads. */
export const SERVER_FILE = 'postgresql.dump';

/** How long the dump waits for a table that somebody holds exclusively. */
const LOCK_TIMEOUT_MS = 120_000;

export interface ServerDump {
  readonly durable: DurableTier;
  readonly databaseUrl: string;
  /** Of the process. */
  readonly env: Environment;
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
  readonly onTable?: OnTable | undefined;
}

/**
 * Dumps the schema of a server, and reads what the rows are in the very snapshot that is dumped: so writers may go on, and what is
 * restored can be compared.
 */
export async function dumpServer(options: ServerDump): Promise<TableFingerprint[]> {
  const { durable, databaseUrl, directory, signal, onTable } = options;
  const program = await findProgram('pg_dump', await serverMajor(durable), options.env);
  return durable.transaction(async (session) => {
    await session.query('set transaction isolation level repeatable read, read only');
    // It waits for the dump, and reads whole tables: bounds that are meant for a service's statements would end it.
    await session.query('set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0');
    const { rows } = await session.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot');
    const file = join(directory, SERVER_FILE);
    // pg_dump makes files that others may read, and keeps the mode of one that is there.
    await makeOwnFile(file);
    const args = [
      '--format=custom',
      `--schema=${pattern(durable.schema)}`,
      `--snapshot=${rows[0]!.snapshot}`,
      `--lock-wait-timeout=${LOCK_TIMEOUT_MS}`,
      '--no-password',
      `--file=${file}`,
    ];
    // One after the other: the snapshot lives as long as this transaction, and the machine is not asked for everything at once.
    await run({ path: program.path, args, env: libpqEnvironment(databaseUrl, options.env), signal });
    await syncFile(file);
    return fingerprint(session, durable.schema, { signal, onTable });
  });
}

export async function serverMajor(durable: DurableTier): Promise<number> {
  return Number.parseInt((await durable.ping()).version, 10);
}

/** A name that is no pattern for the programs of PostgreSQL. */
export function pattern(name: string): string {
  return `"${name}"`;
}
