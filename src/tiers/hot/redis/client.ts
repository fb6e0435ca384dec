import type { TlsOptions } from 'node:tls';
import { createClient } from 'redis';
import type { RedisConfig } from '../../../core/config.ts';
import type { Endpoint } from '../../../core/config-values.ts';

/** How to log in, the same on every server of a topology. */
export interface Access {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** Undefined: no TLS. */
  readonly tls: TlsAccess | undefined;
}

/** Certificates beside those that Node.js trusts; PEM. */
export type TlsAccess = Pick<TlsOptions, 'ca' | 'cert' | 'key'>;

const DEFAULT_PORT = 6379;

/** A URL as contract and node-redis have it: `redis[s]://[[user][:password]@]host[:port][/db]`. */
export function accessOfUrl(url: string, tls: TlsAccess | undefined): { endpoint: Endpoint; access: Access } {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const db = Number(pathname.slice(1) || 0);
  return {
    endpoint: { host: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port || DEFAULT_PORT) },
    access: {
      username: username === '' ? undefined : decodeURIComponent(username),
      password: password === '' ? undefined : decodeURIComponent(password),
      db,
      tls: protocol === 'rediss:' ? (tls ?? {}) : undefined,
    },
  };
}

export function accessOf(config: Exclude<RedisConfig, { kind: 'url' }>, tls: TlsAccess | undefined): Access {
  return {
    username: config.username,
    password: config.password,
    db: config.kind === 'cluster' ? 0 : config.db,
    tls: config.tls ? (tls ?? {}) : undefined,
  };
}

export interface ClientOptions {
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly queueMax: number;
  /** Redis is to tell of writes on this connection. */
  readonly tracking: boolean;
}

export type RedisClient = ReturnType<typeof createRedisClient>;

/**
 * One connection that is never mended: whoever uses it makes a new one. Its own timeout is off (a timer a command halves the
 * throughput, and it does not bound what was sent): deadlines are ours.
 */
export function createRedisClient({ host, port }: Endpoint, access: Access, options: ClientOptions) {
  const { username, password, db, tls } = access;
  const socket = { host, port, connectTimeout: options.connectTimeoutMs, reconnectStrategy: false as const };
  return createClient({
    RESP: 3,
    name: options.name,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database: db,
    socket: tls === undefined ? socket : { ...socket, tls: true as const, ...tls },
    commandOptions: { timeout: undefined } as object,
    disableOfflineQueue: true,
    commandsQueueMaxLength: options.queueMax,
    emitInvalidate: options.tracking,
    maintNotifications: 'disabled',
  });
}
