import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { messageOf, StockroomError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { createMigrationHistory } from '../migration/history.ts';
import { openStores } from '../system/index.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { HotTier } from '../tiers/hot/index.ts';
import type { App } from './app.ts';
import { installAuth } from './plugins/auth.ts';
import { installBody } from './plugins/body.ts';
import { installConsole } from './plugins/console.ts';
import { answerClientError, installErrors, sendError } from './plugins/errors.ts';
import { installOpenApi } from './plugins/openapi.ts';
import { installPressure } from './plugins/pressure.ts';
import { installRequests, requestId } from './plugins/requests.ts';
import { installSecurityHeaders } from './plugins/security-headers.ts';
import { routeHealth } from './routes/health.ts';
import { routeMetrics } from './routes/metrics.ts';
import { routeMigration } from './routes/migration.ts';
import { routeStores } from './routes/stores.ts';
import type { Durable } from './tier-health.ts';

/** A request has to arrive as a whole within this time. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Run ids are in paths, and the router's own 100 characters would be a 404 for a long one. */
const PARAM_MAX_LENGTH = 500;

export interface ServerOptions {
  config: Pick<Config, 'apiKeys' | 'host' | 'port'> & Partial<Pick<Config, 'alertWebhook'>>;
  /** Both tiers stay open when the server is closed: they belong to whoever opened them. */
  durable: Durable;
  hot: HotTier;
  logger: Logger;
  clock?: Clock;
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
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A browser keeps its connection: closing waits for answers, not for idle callers.
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAM_MAX_LENGTH },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
    clientErrorHandler: answerClientError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  const metrics = createMetrics(version);
  app.addHook('onClose', () => metrics.close());
  installErrors(app);
  installBody(app);
  installRequests(app, metrics);
  await installSecurityHeaders(app);
  installAuth(app, config.apiKeys);
  await installPressure(app);
  await installOpenApi(app);

  const { alertWebhook } = config;
  const alerts = alertWebhook === undefined ? undefined : { webhookUrl: alertWebhook };
  const system = await openStores({ durable, hot, clock, alerts });
  app.addHook('onClose', () => system.close());
  const history = createMigrationHistory({ durable });
  routeHealth(app, { durable, hot });
  routeMetrics(app, { metrics, durable, hot, history });
  routeMigration(app, history);
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
