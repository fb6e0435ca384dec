import type { FastifyReply, FastifyRequest } from 'fastify';
import { defaults } from '../../core/config.ts';
import { StockroomError } from '../../core/errors.ts';
import { within } from '../../core/wait.ts';
import { type HotTier, keyPart, type QuotaAnswer } from '../../tiers/hot/index.ts';
import { createInProcessTier } from '../../tiers/hot/in-process/tier.ts';
import { type App, accessOf } from '../app.ts';
import { SharedTakes } from '../shared-takes.ts';

export interface RateLimit {
  /** Requests that a key may send at once, and in each `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Longer than this Redis is not waited for. */
  readonly timeoutMs: number;
}

export const rateLimitDefaults: RateLimit = Object.freeze({
  limit: defaults.rateLimit,
  windowMs: 60_000,
  timeoutMs: 100,
});

/**
 * What one API key may ask for, counted in Redis by all processes together; where Redis is away or slow each process counts for
 * itself. Not for a service without API keys: only this machine is served then. Probes and pages are not counted.
 */
export function installRateLimit(app: App, hot: HotTier, given: Partial<RateLimit> = {}): void {
  const { timeoutMs, ...quota } = { ...rateLimitDefaults, ...given };
  const own = createInProcessTier({ prefix: hot.prefix, maxEntries: 10_000 });
  app.addHook('onClose', () => own.close());
  const takes = new SharedTakes(async (key, cost) => {
    // The tier's own metrics tell of a failure; it is no reason to refuse requests, or to let all of them pass.
    const shared = within(hot.quotas.take(key, { ...quota, cost }), timeoutMs).catch(() => undefined);
    return (await shared) ?? own.quotas.take(key, { ...quota, cost });
  });
  app.addHook('onRequest', async (request, reply) => {
    if (accessOf(request) === 'open' || isProbe(request)) return;
    const { caller } = request;
    const answer = await takes.one(`${hot.prefix}quota:http:${keyPart(caller)}`);
    tell(reply, quota.limit, answer);
    if (answer.allowed) return;
    const seconds = Math.ceil(answer.retryAfterMs / 1_000);
    void reply.header('retry-after', String(seconds));
    throw new StockroomError(
      'RATE_LIMITED',
      `The key ${caller} has asked ${quota.limit} times in ${quota.windowMs / 1_000} s; try again in ${seconds} s`,
    );
  });
}

function isProbe({ routeOptions: { url = '' } }: FastifyRequest): boolean {
  return url === '/metrics' || url.startsWith('/health');
}

function tell(reply: FastifyReply, limit: number, { remaining, resetMs }: QuotaAnswer): void {
  void reply.headers({
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(Math.ceil(resetMs / 1_000)),
  });
}
