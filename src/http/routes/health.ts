import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import { type App, answersUnderPressure } from '../app.ts';
import { problems } from '../problem.ts';
import { checkDurable, type Durable, type DurableHealth } from '../tier-health.ts';

const health = z
  .object({
    status: z.enum(['ok', 'down']),
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
      hot: z.object({ state: z.literal('off'), latency_ms: z.null(), detail: z.string() }),
    }),
  })
  .meta({ id: 'Health' });

const EMBEDDED_NOTE =
  'Embedded PostgreSQL: it survives a killed process but not a power cut. Set DATABASE_URL to keep data that matters.';
const HOT_NOTE = 'Not in use: every answer is read from PostgreSQL';

function report(durable: Durable, found: DurableHealth): z.output<typeof health> {
  const up = found.state === 'up';
  const note = durable.kind === 'embedded' ? EMBEDDED_NOTE : null;
  return {
    status: up ? 'ok' : 'down',
    version,
    uptime_seconds: Math.round(process.uptime()),
    tiers: {
      durable: {
        state: found.state,
        kind: durable.kind,
        location: durable.location,
        schema: durable.schema,
        latency_ms: up ? Math.round(found.latencyMs * 1_000) / 1_000 : null,
        server_version: up ? found.version : null,
        survives_power_cut: durable.kind === 'server',
        detail: up ? note : found.reason,
      },
      hot: { state: 'off', latency_ms: null, detail: HOT_NOTE },
    },
  };
}

const tags = ['Service'];
const probe = { access: 'open', ...answersUnderPressure } as const;

export function routeHealth(app: App, durable: Durable): void {
  app.get(
    '/health',
    {
      config: answersUnderPressure,
      schema: {
        tags,
        summary: 'Each tier with its state and latency; 503 when PostgreSQL is down',
        response: { 200: health, 503: health, ...problems(401, 403) },
      },
    },
    async (_request, reply) => {
      const found = await checkDurable(durable);
      return reply.code(found.state === 'up' ? 200 : 503).send(report(durable, found));
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
      const found = await checkDurable(durable);
      if (found.state === 'up') return { status: 'ready' as const };
      // Whoever holds no key may know that PostgreSQL is away, and not where it is.
      throw new StockroomError('DATABASE_UNREACHABLE', 'PostgreSQL does not answer; /health has the reason', {
        cause: found.cause,
      });
    },
  );
}
