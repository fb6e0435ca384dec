export { analyticsOf, onAnalytics } from './analytics.ts';
export { isRetryable, sqlState } from './errors.ts';
export {
  migrate,
  type MigrateOptions,
  pendingMigrations,
  requireCurrentSchema,
  schemaVersion,
} from './migrate.ts';
export type { Migration } from './migration-files.ts';
export { schemaSnapshot } from './schema-snapshot.ts';
export { type DurableConfig, openDurable } from './open.ts';
export { retried } from './retried.ts';
export type { DurableTier, Param, QueryResult, Row, Session } from './port.ts';
