import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { App } from '../app.ts';
import type { Durable } from '../tier-health.ts';

const SUBJECT_MAX_LENGTH = 500;

declare module 'fastify' {
  interface FastifyRequest {
    /** The row of `audit_log` of this admin act. */
    auditId: string | undefined;
  }
}

/**
 * Every admin act leaves a row in `audit_log`: who, what, when, and how it ended. The row is written before the act, which is not
 * done without it, and completed after: one that stays at `begun` was cut off. Reads are no acts; what was refused for a missing
 * scope or a bad value is in the log alone.
 */
export function installAudit(app: App, durable: Durable): void {
  app.decorateRequest('auditId', undefined);
  const begin = async (request: FastifyRequest): Promise<void> => {
    const detail = { request_id: request.id, outcome: 'begun' };
    const { rows } = await durable.query<{ id: bigint }>(
      'insert into audit_log (actor, action, subject, detail) values ($1, $2, $3, $4::jsonb) returning id',
      [request.caller, actionOf(request), subjectOf(request), JSON.stringify(detail)],
    );
    request.auditId = String(rows[0]!.id);
  };
  const end = async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    if (request.auditId === undefined) return payload;
    const outcome = { outcome: reply.statusCode < 400 ? 'done' : 'failed', status: reply.statusCode };
    try {
      await durable.query('update audit_log set detail = detail || $2::jsonb where id = $1::bigint', [
        request.auditId,
        JSON.stringify(outcome),
      ]);
    } catch (error) {
      // The act is done, and its row says that it was begun: who did it must be told what came of it.
      request.log.error({ err: error, audit: request.auditId }, 'the outcome of an admin act was not noted');
    }
    return payload;
  };
  // On the routes of acts alone: every other request would wait for two promises.
  app.addHook('onRoute', (route) => {
    if (!isAct(route)) return;
    route.preHandler = [begin, ...listOf(route.preHandler)];
    route.onSend = [end, ...listOf(route.onSend)];
  });
}

function isAct({ method, config }: Pick<RouteOptions, 'method' | 'config'>): boolean {
  return config?.access === 'admin' && method !== 'GET' && method !== 'HEAD';
}

function listOf<T>(hooks: T | T[] | undefined): T[] {
  if (hooks === undefined) return [];
  return Array.isArray(hooks) ? hooks : [hooks];
}

function actionOf({ method, routeOptions }: FastifyRequest): string {
  return `http:${method} ${routeOptions.url}`;
}

/** The path as it was asked for. A query may hold anything; the routes of admin acts take none. */
function subjectOf({ url }: FastifyRequest): string {
  return (url.split('?', 1)[0] ?? '').slice(0, SUBJECT_MAX_LENGTH);
}
