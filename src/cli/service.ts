import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../core/config.ts';
import { messageOf, StockroomError } from '../core/errors.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import type { HotTier } from '../tiers/hot/index.ts';
import { type Context, openHotTier } from './context.ts';
import { writeLines } from './io.ts';
import { plain } from './render/text.ts';

/** The way out of a port that cannot be had. */
function portTaken({ host, port }: Config, cause: unknown): StockroomError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why = code === 'EACCES' ? 'may not be used by this user' : 'is in use by another process';
  return new StockroomError(
    'CONFIG_INVALID',
    `PORT: ${host}:${port} ${why}. Stop that process, or give another port with --port (0: any that is free)`,
    { cause, details: { variable: 'PORT', host, port } },
  );
}

/**
 * Finds out before a long migration, not after it, that the port is taken.
 *
 * @throws StockroomError CONFIG_INVALID
 */
export async function requireFreePort(config: Config): Promise<void> {
  if (config.port === 0) return;
  const probe = createServer();
  try {
    await once(probe.listen(config.port, config.host), 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE' || code === 'EACCES') throw portTaken(config, error);
    // Anything else is about the host, which the service itself reports.
    return;
  }
  probe.close();
  await once(probe, 'close');
}

/** Serves API and console until the command is interrupted. */
export async function serve(context: Context, config: Config, tier: DurableTier): Promise<number> {
  const { io, lifetime } = context;
  const { checkJobSettings } = await import('../jobs/index.ts');
  checkJobSettings(config);
  const { buildServer, listen } = await import('../http/server.ts');
  const { createLogger, logDiagnostics } = await import('../telemetry/logger.ts');
  const { logJobs } = await import('../telemetry/job-log.ts');
  const { traceDiagnostics } = await import('../telemetry/tracing.ts');
  const { exportTraces } = await import('../telemetry/exporter.ts');
  const { isTraced } = await import('../telemetry/traced.ts');
  lifetime.interruptedNote = 'the service has stopped; everything that it acknowledged is kept';
  const logger = createLogger({ level: config.logLevel });
  lifetime.holding(await exportTraces({ logger, env: io.env }));
  const stops = [logDiagnostics(logger), logJobs(logger), ...(isTraced() ? [traceDiagnostics()] : [])];
  lifetime.holding(async () => stops.forEach((stop) => stop()));
  const hot = await openHotTier(context, config);
  if (hot.kind === 'redis') await watchStaleness(context, hot);
  const { drainMs, rateLimit: limit, schedules, retentionDays } = config;
  const jobs = { schedules, retentionDays, archiveDirectory: join(config.dataDir, 'archive') };
  const rateLimit = { limit };
  const app = await buildServer({ config, durable: tier, hot, logger, drainMs, rateLimit, jobs });
  lifetime.holding(() => app.close());
  const url = await listen(app, config);
  writeLines(io.stdout, [
    `Stockroom serves at ${url}`,
    `  console  ${url}/`,
    `  API      ${url}/docs`,
    `  health   ${url}/health`,
    `  hot tier ${await hotLine(hot)}`,
    'Ctrl-C stops it.',
  ]);
  // The first signal ends this, through the lifetime.
  return await new Promise<number>(() => undefined);
}

/** Measures for as long as the service runs whether copies in the process are as true as they have to be. */
async function watchStaleness({ lifetime }: Context, hot: HotTier): Promise<void> {
  const { createCache, startCanary } = await import('../tiers/tiered/index.ts');
  const cache = createCache(hot);
  lifetime.holding(() => cache.close());
  const canary = startCanary(cache, hot);
  lifetime.holding(() => canary.stop());
}

async function hotLine(hot: HotTier): Promise<string> {
  if (hot.kind === 'in-process') return 'in this process; set REDIS_URL to share it with others';
  try {
    return `Redis ${(await hot.ping()).version} at ${hot.location}`;
  } catch (error) {
    return `Redis is away, and is connected when it is back: ${plain(messageOf(error))}`;
  }
}
