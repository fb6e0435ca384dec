import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { messageOf, StockroomError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { createJobs, type JobsOptions } from '../jobs/index.ts';
import { stageActs } from '../migration/stages/acts.ts';
import { createMigrationHistory } from '../migration/history.ts';
import { openStores } from '../system/index.ts';
import { jobMetrics } from '../telemetry/job-metrics.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { HotTier } from '../tiers/hot/index.ts';
import type { App } from './app.ts';
import { ARRIVAL_MS, installArrival } from './plugins/arrival.ts';
import { installAudit } from './plugins/audit.ts';
import { installAuth } from './plugins/auth.ts';
import { installBody } from './plugins/body.ts';
import { installCompression } from './plugins/compression.ts';
import { installConsole } from './plugins/console.ts';
import { installDraining } from './plugins/draining.ts';
import { answerClientError, installErrors, sendError } from './plugins/errors.ts';
import { installEtags } from './plugins/etag.ts';
import { installLines } from './plugins/lines.ts';
import { installOpenApi } from './plugins/openapi.ts';
import { installPressure } from './plugins/pressure.ts';
import { installRateLimit, type RateLimit } from './plugins/rate-limit.ts';
import { installRequests, requestId } from './plugins/requests.ts';
import { installSecurityHeaders } from './plugins/security-headers.ts';
import { installSharedReads } from './plugins/shared-reads.ts';
import { routeEvents } from './routes/events.ts';
import { routeHealth } from './routes/health.ts';
import { routeHot } from './routes/hot.ts';
import { routeJobs } from './routes/jobs.ts';
import { routeMetrics } from './routes/metrics.ts';
import { routeMigration } from './routes/migration.ts';
import { routeStages } from './routes/stages.ts';
import { routeStores } from './routes/stores.ts';
import type { Durable } from './tier-health.ts';

const HEADERS_TIMEOUT_MS = 30_000;
/** Run ids are in paths, and the router's own 100 characters would be a 404 for a long one. */
const PARAM_MAX_LENGTH = 500;

export interface ServerOptions {
  config: Pick<Config, 'apiKeys' | 'host' | 'port'> & Partial<Pick<Config, 'alertWebhook'>>;
  /** Both tiers stay open when the server is closed: they belong to whoever opened them. */
  durable: Durable;
  hot: HotTier;
  logger: Logger;
  clock?: Clock;
  /** What one API key may ask for; `rateLimitDefaults` where it does not say. */
  rateLimit?: Partial<RateLimit>;
  /** How long a body may take to arrive; `ARRIVAL_MS` by default. */
  arrivalMs?: number;
  /** How long readiness is false before the service closes; 0 by default. */
  drainMs?: number;
  /** What of the scheduled work runs in this process; absent: nothing by itself. */
  jobs?: Pick<JobsOptions, 'schedules' | 'retentionDays' | 'archiveDirectory' | 'settings'>;
  /** Where the built console is; absent: dist/console of this package. */
  consoleDirectory?: string;
}

/** The HTTP service over the tiers, ready to `listen` or to be asked with `inject`. */
export async function buildServer(options: ServerOptions): Promise<App> {
  const { config, durable, hot, clock } = options;
  const loggerInstance: FastifyBaseLogger = options.logger;
  const app: App = fastify({
    loggerInstance,
    // One line a request is written by installRequests.
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: requestId,
    // See plugins/arrival.ts.
    requestTimeout: 0,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    // A browser keeps its connection: closing waits for answers, not for idle callers.
    forceCloseConnections: 'idle',
    // While readiness is false and others learn of it, what comes is answered as before.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAM_MAX_LENGTH },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
    clientErrorHandler: answerClientError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setSerializerCompiler(serializerCompiler);

  const metrics = createMetrics(version);
  app.addHook('onClose', () => metrics.close());
  installErrors(app);
  installBody(app);
  installLines(app);
  installRequests(app, metrics);
  await installSecurityHeaders(app);
  installArrival(app, options.arrivalMs ?? ARRIVAL_MS);
  installAuth(app, config.apiKeys);
  if (config.apiKeys.length > 0) installRateLimit(app, hot, options.rateLimit);
  installAudit(app, durable);
  installEtags(app);
  installSharedReads(app);
  const draining = installDraining(app, options.drainMs ?? 0);
  await installPressure(app);
  await installCompression(app);
  await installOpenApi(app);

  const { alertWebhook } = config;
  const alerts = alertWebhook === undefined ? undefined : { webhookUrl: alertWebhook };
  const system = await openStores({ durable, hot, clock, alerts });
  app.addHook('onClose', () => system.close());
  const jobs = createJobs({ system, hot, clock, ...options.jobs });
  // Hooks of the end run backwards: before the stores are closed.
  app.addHook('onClose', () => jobs.close());
  const stopJobMetrics = jobMetrics([metrics.registry], jobs);
  app.addHook('onClose', async () => stopJobMetrics());
  const history = createMigrationHistory({ durable });
  routeHealth(app, { durable, hot, draining });
  const stages = stageActs(durable);
  routeMetrics(app, { metrics, durable, hot, history, stages: () => stages.figures() });
  routeMigration(app, history);
  routeStages(app, stages);
  routeJobs(app, jobs);
  routeHot(app, hot);
  routeEvents(app, { durable, hot, draining });
  routeStores(app, system, clock);
  await installConsole(app, options.consoleDirectory);
  await app.ready();
  return app;
}

/**
 * Listens where the configuration says. @returns the URL
 * @throws StockroomError CONFIG_INVALID that names HOST or PORT when the system refuses the address
 */
export async function listen(app: App, { host, port }: Pick<Config, 'host' | 'port'>): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const [variable, expected] =
      code === 'EADDRINUSE' || code === 'EACCES'
        ? ['PORT', 'a port that is free and may be used']
        : ['HOST', 'an address of this machine'];
    throw new StockroomError(
      'CONFIG_INVALID',
      `${variable}: expected ${expected}, found ${host}:${port} (${messageOf(error)})`,
      { cause: error, details: { variable, host, port } },
    );
  }
}
