import type { ClientConfig } from 'pg';
import { StockroomError } from '../../../core/errors.ts';
import { reasonOf, sqlState } from '../errors.ts';
import type { Address } from './address.ts';

/** A peer that is gone without a word is noticed by TCP, which asks after this time of silence. */
const keepAliveDelayMs = 10_000;

/** What every connection to a server is made with. */
export function clientConfig(address: Address): ClientConfig {
  return {
    connectionString: address.connectionString,
    application_name: 'stockroom',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
  };
}

export function unreachable(cause: unknown, location: string, setting: string): StockroomError {
  const state = sqlState(cause);
  const wayOut =
    setting === 'DATABASE_URL'
      ? 'Start the server, correct DATABASE_URL, or unset it to use the embedded database.'
      : `Start the server, correct ${setting}, or unset it.`;
  return new StockroomError(
    'DATABASE_UNREACHABLE',
    `PostgreSQL at ${location} cannot be reached${state === undefined ? '' : ` (SQLSTATE ${state})`}: ${reasonOf(cause)}. ${wayOut}`,
    { cause, details: { location, ...(state === undefined ? {} : { sqlState: state }) } },
  );
}
