import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { ApiKey, Scope } from '../../src/core/config-values.ts';
import type { App } from '../../src/http/app.ts';
import { buildServer, type ServerOptions } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createInProcessTier } from '../../src/tiers/hot/in-process/tier.ts';

/** The API key `${name}-secret` as the configuration has it. */
export function apiKey(name: string, ...scopes: Scope[]): ApiKey {
  return { name, scopes, sha256: createHash('sha256').update(`${name}-secret`).digest('hex') };
}

export interface TestServer {
  app: App;
  /** Every line that was logged, parsed. */
  log: Record<string, unknown>[];
}

export type TestServerOptions = Pick<ServerOptions, 'durable'> &
  Partial<
    Pick<ServerOptions, 'hot' | 'clock' | 'consoleDirectory' | 'rateLimit' | 'drainMs' | 'arrivalMs'>
  > & {
    apiKeys?: ApiKey[];
  };

/** The service on a tier, with its log in memory. Close `app` before the tier. */
export async function testServer({ apiKeys = [], ...options }: TestServerOptions): Promise<TestServer> {
  const log: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString('utf8')) as Record<string, unknown>);
      done();
    },
  });
  const app = await buildServer({
    hot: createInProcessTier({ prefix: 'stockroom:' }),
    ...options,
    config: { apiKeys, host: '127.0.0.1', port: 0 },
    logger: createLogger({ level: 'debug', stream }),
  });
  return { app, log };
}
