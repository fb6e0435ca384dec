import { StockroomError } from '../core/errors.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import type { Certificate } from './certificate.ts';
import type { Report } from './report.ts';

export interface RunRecord {
  id: number;
  command: string;
  directory: string;
  started_at: string;
  finished_at: string | null;
  exit_code: number | null;
  tool_version: string;
}

export interface MigrationStatus {
  /** Directories that were migrated into this database. */
  directories: string[];
  last_run: RunRecord | null;
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
  const runs = await tier.query<Omit<RunRecord, 'id'> & { id: bigint }>(
    `SELECT id, command, directory, started_at, finished_at, exit_code, tool_version
     FROM migration_runs ORDER BY id DESC LIMIT 1`,
  );
  const reports = await tier.query<{ report: Report }>(
    'SELECT report FROM migration_runs WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1',
  );
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
  const last = runs.rows[0];
  return {
    directories: directories.rows.map((row) => row.path),
    last_run: last ? { ...last, id: Number(last.id) } : null,
    report: reports.rows[0]?.report ?? null,
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

export interface QuarantinedRow {
  id: number;
  source: string;
  file: string;
  key: string;
  column: string | null;
  reason: string;
  detail: string;
  quarantined_at: string;
  /** The row's bytes as text; base64 with the prefix `base64:` when they are not UTF-8. */
  original: string;
}

/** Quarantined rows in the order in which they were found; `cursor` is the `next_cursor` of the page before. */
export async function listQuarantine(
  tier: DurableTier,
  options: { source?: string | undefined; limit?: number | undefined; cursor?: string | undefined } = {},
): Promise<{ items: QuarantinedRow[]; next_cursor: string | null }> {
  const limit = options.limit ?? 100;
  const after = options.cursor ?? '0';
  if (!/^\d{1,18}$/.test(after))
    throw new StockroomError('INVALID_INPUT', `cursor: expected one that a page gave, found ${after}`);
  const { rows } = await tier.query<
    Omit<QuarantinedRow, 'id' | 'original'> & { id: bigint; bytes: Uint8Array }
  >(
    `SELECT id, source, file, key, "column", reason, detail, quarantined_at, bytes FROM migration_quarantine
     WHERE id > $1 AND ($2::text IS NULL OR source = $2) ORDER BY id LIMIT $3`,
    [after, options.source ?? null, limit + 1],
  );
  const items = rows
    .slice(0, limit)
    .map(({ bytes, id, ...row }) => ({ id: Number(id), ...row, original: asText(bytes) }));
  return { items, next_cursor: rows.length > limit ? String(items.at(-1)!.id) : null };
}

function asText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? text : `base64:${buffer.toString('base64')}`;
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
