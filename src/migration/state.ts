import { StockroomError } from '../core/errors.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { decodeCursor, type Page } from '../core/page.ts';
import type { Certificate } from './certificate.ts';
import { createMigrationHistory, type MigrationRun, type QuarantinedRow } from './history.ts';
import type { Report } from './report.ts';

export interface MigrationStatus {
  /** Directories that were migrated into this database. */
  directories: string[];
  last_run: MigrationRun | null;
  /** The report of the last run or verification that ended. */
  report: Report | null;
  /** What the books hold now, by source. */
  sources: { id: string; chunks: number; loaded: number; verified_chunks: number; quarantined: number }[];
  quarantined: number;
  originals: number;
  timezones: { source: string; column: string; zone: string }[];
}

/** What this database knows of its migration. */
export async function migrationStatus(tier: DurableTier): Promise<MigrationStatus> {
  const directories = await tier.query<{ path: string }>(
    'SELECT path FROM migration_directories ORDER BY first_seen',
  );
  const history = createMigrationHistory({ durable: tier });
  const [last] = await history.runs(1);
  const reported = await history.lastReport();
  const sources = await tier.query<{
    id: string;
    chunks: bigint;
    loaded: bigint;
    verified: bigint;
    quarantined: bigint;
  }>(
    `SELECT c.source AS id, count(*) AS chunks, sum(c.loaded)::bigint AS loaded, count(c.verified_at) AS verified,
       (SELECT count(*) FROM migration_quarantine q WHERE q.source = c.source) AS quarantined
     FROM migration_chunks c GROUP BY c.source ORDER BY c.source`,
  );
  const counts = await tier.query<{ quarantined: bigint; originals: bigint }>(
    `SELECT (SELECT count(*) FROM migration_quarantine) AS quarantined, (SELECT count(*) FROM migration_originals) AS originals`,
  );
  const timezones = await tier.query<{ source: string; column: string; zone: string }>(
    'SELECT source, "column", zone FROM migration_timezones ORDER BY source, "column"',
  );
  return {
    directories: directories.rows.map((row) => row.path),
    last_run: last ?? null,
    report: (reported?.report as Report | undefined) ?? null,
    sources: sources.rows.map((row) => ({
      id: row.id,
      chunks: Number(row.chunks),
      loaded: Number(row.loaded),
      verified_chunks: Number(row.verified),
      quarantined: Number(row.quarantined),
    })),
    quarantined: Number(counts.rows[0]?.quarantined ?? 0),
    originals: Number(counts.rows[0]?.originals ?? 0),
    timezones: timezones.rows,
  };
}

/** Quarantined rows in the order in which they were found; `cursor` is the `next_cursor` of the page before. */
export async function listQuarantine(
  tier: DurableTier,
  options: { source?: string | undefined; limit?: number | undefined; cursor?: string | undefined } = {},
): Promise<Page<QuarantinedRow>> {
  const { source, limit = 100 } = options;
  const cursor = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
  if (options.cursor !== undefined && cursor === undefined) {
    throw new StockroomError(
      'INVALID_INPUT',
      `cursor: expected one that a page gave, found ${options.cursor}`,
    );
  }
  return createMigrationHistory({ durable: tier }).quarantine({ source, limit, cursor });
}

/** The certificate of the last run. @throws StockroomError NO_RUN */
export async function lastCertificate(tier: DurableTier): Promise<Certificate> {
  const { rows } = await tier.query<{ certificate: Certificate }>(
    'SELECT certificate FROM migration_runs WHERE certificate IS NOT NULL ORDER BY id DESC LIMIT 1',
  );
  if (!rows[0]) {
    throw new StockroomError(
      'NO_RUN',
      `no migration has ended on ${tier.location}: run stockroom migrate run DIR first`,
    );
  }
  return rows[0].certificate;
}
