import type { JobDefinition } from './job.ts';

const DAY_MS = 86_400_000;

/**
 * Archives the history that is older than its store keeps: into Parquet files that are read back and compared before a row is removed.
 * Stores that `STOCKROOM_RETENTION_DAYS` does not name keep everything.
 */
export const retention: JobDefinition = {
  name: 'retention',
  title: 'archive the history that is older than STOCKROOM_RETENTION_DAYS says',
  time: { cron: '30 2 * * *', zone: 'UTC' },
  limitMs: 7_200_000,
  retries: 3,
  retryDelayMs: 300_000,
  async run({ system, clock, retentionDays, archiveDirectory }, signal) {
    const stores = Object.entries(retentionDays);
    if (stores.length === 0) return { skipped: 'no store has a limit' };
    // Parquet is loaded where it is written alone.
    const { archiveStore } = await import('../datasets/index.ts');
    const did: Record<string, unknown> = {};
    for (const [store, days] of stores) {
      signal.throwIfAborted();
      const before = new Date(clock().getTime() - days * DAY_MS).toISOString();
      const tables = await archiveStore({
        durable: system.durable,
        store,
        before,
        directory: archiveDirectory,
        apply: true,
        // Between the pages that are written; the next run begins the file anew. What is written whole is also removed.
        onProgress: () => signal.throwIfAborted(),
      });
      for (const { table, rows, removed, kept } of tables) did[table] = { archived: rows, removed, kept };
    }
    return did;
  },
};
