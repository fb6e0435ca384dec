import { Client } from 'pg';
import { sqlState } from '../errors.ts';
import type { Address } from './address.ts';
import { clientConfig } from './client.ts';
import { BACKEND } from './connection.ts';
import type { Ask } from './silence.ts';

/** Asks a server over a connection of its own, which takes `timeoutMs` at the most. */
export function asker(address: Address, timeoutMs: number): Ask {
  return async (backends) => {
    const client = new Client({
      ...clientConfig(address),
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    client.on('error', () => undefined); // What goes wrong is thrown by `connect` and `query`.
    try {
      await client.connect();
      const { rows } = await client.query<{ backend: string }>(
        `SELECT backend FROM (SELECT ${BACKEND} AS backend FROM pg_stat_activity) AS sessions WHERE backend = ANY($1)`,
        [backends],
      );
      return new Set(rows.map(({ backend }) => backend));
    } catch (error) {
      // No connection left, or a start under way: it lives, and says no more.
      if (sqlState(error) !== undefined) return undefined;
      throw error;
    } finally {
      // Not waited for: a server that falls silent just now would not say that it has closed it, and TCP finds out.
      (client as Client & { unref(): void }).unref();
      client.end().catch(() => undefined);
    }
  };
}
