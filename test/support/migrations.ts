import {
  type MigrationOptions,
  type Report,
  runMigration,
  type SourceReport,
  type Warning,
} from '../../src/migration/index.ts';
import type { DurableTier } from '../../src/tiers/durable/index.ts';
import type { OldDirectory } from './old-directory.ts';

/** Runs of one directory into one database, and what is asked of their reports. */
export class Migrations {
  readonly tier: DurableTier;
  readonly old: OldDirectory;

  constructor(tier: DurableTier, old: OldDirectory) {
    this.tier = tier;
    this.old = old;
  }

  run(options: Partial<MigrationOptions> = {}): Promise<Report> {
    return runMigration({ tier: this.tier, directory: this.old.path, ...options });
  }

  async rows<R = Record<string, unknown>>(sql: string): Promise<R[]> {
    return (await this.tier.query<R>(sql)).rows;
  }

  /** One column of a query. */
  async values<T = unknown>(sql: string): Promise<T[]> {
    return (await this.rows<Record<string, T>>(sql)).map((row) => Object.values(row)[0]!);
  }

  /**
   * Every row of the data and of the books, with the transaction that wrote it: the same again means that nothing was
   * written meanwhile. The records of the runs themselves are left out, and the
   * note for whoever has keys of these tables in Redis.
   */
  async written(): Promise<Record<string, string[]>> {
    const tables = await this.values<string>(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'stockroom' AND table_type = 'BASE TABLE'
       AND table_name NOT IN ('migration_runs', 'schema_migrations', 'view_intents') ORDER BY 1`,
    );
    const found: Record<string, string[]> = {};
    for (const table of tables)
      found[table] = await this.values(`SELECT t.xmin || ' ' || t::text FROM "${table}" t ORDER BY 1`);
    return found;
  }
}

export function sourceOf(report: Report, id: string): SourceReport {
  const found = report.sources.find((source) => source.id === id);
  if (!found) throw new Error(`the report knows no ${id}`);
  return found;
}

/** Warnings as `CODE source rows`, but for those about values whose bytes were kept. */
export function warningsOf(report: Report): string[] {
  return report.warnings
    .filter((warning: Warning) => warning.code !== 'ALTERED')
    .map(({ code, source, rows }) => `${code} ${source} ${rows}`);
}
