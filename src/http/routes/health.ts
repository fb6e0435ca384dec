import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import { type App, answersUnderPressure } from '../app.ts';
import type { Draining } from '../plugins/draining.ts';
import { problems } from '../problem.ts';
import { checkDurable, checkHot, type Durable, type TierHealth } from '../tier-health.ts';

const health = z
  .object({
    status: z.enum(['ok', 'degraded', 'down']),
    version: z.string(),
    uptime_seconds: z.number(),
    tiers: z.object({
      durable: z.object({
        state: z.enum(['up', 'down']),
        kind: z.enum(['server', 'embedded']),
        location: z.string(),
        schema: z.string(),
        latency_ms: z.number().nullable(),
        server_version: z.string().nullable(),
        survives_power_cut: z.boolean(),
        detail: z.string().nullable(),
      }),
      hot: z.object({
        state: z.enum(['up', 'down']),
        kind: z.enum(['redis', 'in-process']),
        topology: z.enum(['standalone', 'cluster', 'sentinel', 'in-process']),
        location: z.string(),
        latency_ms: z.number().nullable(),
        server_version: z.string().nullable(),
        breaker: z.enum(['closed', 'open', 'half-open']),
        invalidation: z.enum(['tracking', 'messages', 'in-process']),
        detail: z.string().nullable(),
      }),
    }),
  })
  .meta({ id: 'Health' });

const EMBEDDED_NOTE =
  'Embedded PostgreSQL: it survives a killed process but not a power cut. Set DATABASE_URL to keep data that matters.';
const IN_PROCESS_NOTE =
  'The hot tier is this process alone: what it holds ends with it, and other processes do not see it. Set REDIS_URL to share it.';
const MESSAGES_NOTE =
  'This Redis does not tell of writes: those of programs that do not use Stockroom are noticed only when copies end.';

type Health = z.output<typeof health>;
type Found = Record<'durable' | 'hot', TierHealth>;

const milliseconds = (latencyMs: number): number => Math.round(latencyMs * 1_000) / 1_000;

function report(durable: Durable, hot: HotTier, found: Found): Health {
  const ofDurable = found.durable.state === 'up' ? ('ok' as const) : ('down' as const);
  return {
    // Without Redis every answer is still given, only later.
    status: ofDurable === 'ok' && found.hot.state === 'down' ? 'degraded' : ofDurable,
    version,
    uptime_seconds: Math.round(process.uptime()),
    tiers: { durable: reportDurable(durable, found.durable), hot: reportHot(hot, found.hot) },
  };
}

function reportDurable(durable: Durable, found: TierHealth): Health['tiers']['durable'] {
  const up = found.state === 'up';
  const note = durable.kind === 'embedded' ? EMBEDDED_NOTE : null;
  return {
    state: found.state,
    kind: durable.kind,
    location: durable.location,
    schema: durable.schema,
    latency_ms: up ? milliseconds(found.latencyMs) : null,
    server_version: up ? found.version : null,
    survives_power_cut: durable.kind === 'server',
    detail: up ? note : found.reason,
  };
}

function reportHot(hot: HotTier, found: TierHealth): Health['tiers']['hot'] {
  const { kind, topology, location, coherence } = hot;
  const up = found.state === 'up';
  return {
    state: found.state,
    kind,
    topology,
    location,
    latency_ms: up ? milliseconds(found.latencyMs) : null,
    server_version: up && kind === 'redis' ? found.version : null,
    breaker: hot.state().breaker,
    invalidation: coherence.mode,
    detail: up ? hotNote(hot) : found.reason,
  };
}

function hotNote({ kind, coherence }: HotTier): string | null {
  if (kind === 'in-process') return IN_PROCESS_NOTE;
  return coherence.mode === 'messages' ? MESSAGES_NOTE : null;
}

const tags = ['Service'];
const probe = { access: 'open', ...answersUnderPressure } as const;

export interface HealthSources {
  readonly durable: Durable;
  readonly hot: HotTier;
  readonly draining: Draining;
}

export function routeHealth(app: App, { durable, hot, draining }: HealthSources): void {
  app.get(
    '/health',
    {
      config: answersUnderPressure,
      schema: {
        tags,
        summary:
          'Each tier with its state and latency; 503 when PostgreSQL is down, `degraded` when Redis is',
        response: { 200: health, 503: health, ...problems(401, 403) },
      },
    },
    async (_request, reply) => {
      const [ofDurable, ofHot] = await Promise.all([checkDurable(durable), checkHot(hot)]);
      const answer = report(durable, hot, { durable: ofDurable, hot: ofHot });
      return reply.code(answer.status === 'down' ? 503 : 200).send(answer);
    },
  );
  app.get(
    '/health/live',
    {
      config: probe,
      schema: {
        tags,
        summary: 'The process answers',
        response: { 200: z.object({ status: z.literal('live') }), ...problems(403) },
      },
    },
    () => ({ status: 'live' as const }),
  );
  app.get(
    '/health/ready',
    {
      config: probe,
      schema: {
        tags,
        summary: 'Requests can be answered; 503 when PostgreSQL is down',
        response: { 200: z.object({ status: z.literal('ready') }), ...problems(403, 503) },
      },
    },
    async () => {
      if (draining.begun) {
        throw new StockroomError(
          'UNAVAILABLE',
          'The service is about to end: send requests to another process',
        );
      }
      const found = await checkDurable(durable);
      if (found.state === 'up') return { status: 'ready' as const };
      // Whoever holds no key may know that PostgreSQL is away, and not where it is.
      throw new StockroomError('DATABASE_UNREACHABLE', 'PostgreSQL does not answer; /health has the reason', {
        cause: found.cause,
      });
    },
  );
}
