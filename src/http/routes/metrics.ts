import { z } from 'zod';
import type { MigrationHistory } from '../../migration/history.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { type App, answersUnderPressure } from '../app.ts';
import { checkDurable, type Durable } from '../tier-health.ts';

const outcomes = ['read', 'loaded', 'quarantined', 'skipped', 'altered'] as const;
const reportedRows = z.object({
  sources: z.array(
    z.object({
      id: z.string(),
      read: z.number(),
      loaded: z.number(),
      quarantined: z.number(),
      skipped: z.number(),
      altered: z.number(),
    }),
  ),
});

export function routeMetrics(
  app: App,
  { metrics, durable, history }: { metrics: Metrics; durable: Durable; history: MigrationHistory },
): void {
  app.get(
    '/metrics',
    {
      config: answersUnderPressure,
      schema: { tags: ['Service'], summary: 'Figures for Prometheus', produces: ['text/plain'] },
    },
    async (request, reply) => {
      const found = await checkDurable(durable);
      metrics.tierUp.set({ tier: 'durable' }, found.state === 'up' ? 1 : 0);
      if (found.state === 'up') metrics.tierLatency.set({ tier: 'durable' }, found.latencyMs / 1_000);
      else metrics.tierLatency.remove({ tier: 'durable' });
      try {
        if (found.state === 'down') throw found.cause;
        await observeMigration(metrics, history);
      } catch (error) {
        // A scrape that fails as a whole would hide the figures that say why.
        metrics.migrationRows.reset();
        request.log.warn({ err: error }, 'metrics are given without those of the migration');
      }
      return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    },
  );
}

/** Out of the books, not out of this process: the migration may have been run by another one. */
async function observeMigration(metrics: Metrics, history: MigrationHistory): Promise<void> {
  const last = await history.lastReport();
  const { sources } = last === undefined ? { sources: [] } : reportedRows.parse(last.report);
  metrics.migrationRows.reset();
  for (const source of sources) {
    for (const outcome of outcomes) {
      metrics.migrationRows.set({ source: source.id, outcome }, source[outcome]);
    }
  }
}
