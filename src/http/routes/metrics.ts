import { z } from 'zod';
import type { MigrationHistory } from '../../migration/history.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { askedSeldom } from '../../telemetry/asked.ts';
import type { StageFigures } from '../../telemetry/stage-metrics.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import { type App, answersUnderPressure } from '../app.ts';
import { checkDurable, checkHot, type Durable, type TierHealth } from '../tier-health.ts';

/** Of the servers about themselves: scrapes of several watchers share one question. */
const SERVERS_ASKED = { everyMs: 10_000, deadlineMs: 3_000 };

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

export interface MetricsSources {
  metrics: Metrics;
  durable: Durable;
  hot: HotTier;
  history: MigrationHistory;
  /** Stores that are on their way. */
  stages: () => Promise<StageFigures[]>;
}

export function routeMetrics(app: App, { metrics, durable, hot, history, stages }: MetricsSources): void {
  const ofPostgres = askedSeldom(
    () => durable.figures(),
    SERVERS_ASKED,
    (error) => app.log.warn({ err: error }, 'metrics are given without those of PostgreSQL itself'),
  );
  const ofRedis = askedSeldom(
    () => hot.servers(),
    SERVERS_ASKED,
    (error) => app.log.warn({ err: error }, 'metrics are given without those of Redis itself'),
  );
  app.get(
    '/metrics',
    {
      config: answersUnderPressure,
      schema: { tags: ['Service'], summary: 'Figures for Prometheus', produces: ['text/plain'] },
    },
    async (request, reply) => {
      const [found, ofHot, postgres, redis] = await Promise.all([
        checkDurable(durable),
        checkHot(hot),
        ofPostgres(),
        ofRedis(),
      ]);
      metrics.postgres.observe(postgres);
      metrics.redis.observe(redis ?? []);
      observeTier(metrics, 'durable', found);
      observeTier(metrics, 'hot', ofHot);
      metrics.hot.observeNodes(hot.kind === 'redis' ? hot.state().nodes : []);
      try {
        if (found.state === 'down') throw found.cause;
        await observeMigration(metrics, history);
        metrics.stages.observeStages(await stages());
      } catch (error) {
        // A scrape that fails as a whole would hide the figures that say why.
        metrics.migrationRows.reset();
        metrics.stages.observeStages([]);
        request.log.warn({ err: error }, 'metrics are given without those of the migration');
      }
      return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    },
  );
}

function observeTier(metrics: Metrics, tier: 'durable' | 'hot', found: TierHealth): void {
  metrics.tierUp.set({ tier }, found.state === 'up' ? 1 : 0);
  if (found.state === 'up') metrics.tierLatency.set({ tier }, found.latencyMs / 1_000);
  else metrics.tierLatency.remove({ tier });
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
