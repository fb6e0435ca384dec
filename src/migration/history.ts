import { type Selectable, sql } from 'kysely';
import type { Generated } from 'kysely';
import { jsonInteger } from '../core/json-number.ts';
import { type Page, pageOf, type Position } from '../core/page.ts';
import type { DurableTier } from '../tiers/durable/port.ts';
import { describeOriginal, type Original } from './original-text.ts';

/** A run as the books have it; `finished_at` is null while it runs, or when it was killed. */
export interface MigrationRun {
  id: number | string;
  command: string;
  directory: string;
  started_at: string;
  finished_at: string | null;
  exit_code: number | null;
  tool_version: string;
  schema_version: number;
}

/** A row of a source that could not be loaded as it is, with the reason and its bytes. */
export interface QuarantinedRow extends Original {
  id: number | string;
  source: string;
  file: string;
  key: string;
  column: string | null;
  reason: string;
  detail: string;
  quarantined_at: string;
}

export interface QuarantineQuery {
  source?: string | undefined;
  limit: number;
  cursor?: Position | undefined;
}

/** What the books of the migration say, for people and programs to read. */
export interface MigrationHistory {
  /** The newest run that left a report, with the report; undefined when there is none. */
  lastReport(): Promise<(MigrationRun & { report: unknown }) | undefined>;
  /** Newest first. */
  runs(limit: number): Promise<MigrationRun[]>;
  /** In the order in which they were put there. */
  quarantine(query: QuarantineQuery): Promise<Page<QuarantinedRow>>;
}

export interface MigrationHistoryOptions {
  durable: DurableTier;
}

interface RunsTable {
  id: Generated<bigint>;
  directory: string;
  command: string;
  started_at: Generated<string>;
  finished_at: string | null;
  exit_code: number | null;
  tool_version: string;
  schema_version: number;
  report: unknown;
}

interface QuarantineTable {
  id: Generated<bigint>;
  source: string;
  file: string;
  key: string;
  column: string | null;
  reason: string;
  detail: string;
  bytes: Uint8Array;
  quarantined_at: Generated<string>;
}

interface HistoryDatabase {
  migration_runs: RunsTable;
  migration_quarantine: QuarantineTable;
}

const runColumns = [
  'id',
  'command',
  'directory',
  'started_at',
  'finished_at',
  'exit_code',
  'tool_version',
  'schema_version',
] as const;
const rowColumns = ['id', 'source', 'file', 'key', 'column', 'reason', 'detail', 'quarantined_at'] as const;

/** A page of rows is read by a person: of an original of many megabytes its beginning tells what it is. */
export const ORIGINAL_MAX_BYTES = 65_536;

export function createMigrationHistory({ durable }: MigrationHistoryOptions): MigrationHistory {
  const database = durable.kysely<HistoryDatabase>();
  const newestFirst = () => database.selectFrom('migration_runs').orderBy('id', 'desc');

  return {
    async lastReport() {
      const row = await newestFirst()
        .select([...runColumns, 'report'])
        .where('report', 'is not', null)
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : { ...presentRun(row), report: row.report };
    },

    async runs(limit) {
      const rows = await newestFirst()
        .select([...runColumns])
        .limit(limit)
        .execute();
      return rows.map(presentRun);
    },

    async quarantine({ source, limit, cursor }) {
      let query = database
        .selectFrom('migration_quarantine')
        .select([...rowColumns])
        .select([
          sql<Uint8Array>`substring(bytes for ${ORIGINAL_MAX_BYTES})`.as('bytes'),
          sql<number>`octet_length(bytes)`.as('size'),
        ])
        .orderBy('id')
        .limit(limit + 1);
      if (source !== undefined) query = query.where('source', '=', source);
      if (cursor !== undefined) query = query.where('id', '>', cursor[1]);
      const rows = await query.execute();
      return pageOf(
        rows,
        limit,
        (row) => [row.quarantined_at, row.id],
        ({ bytes, size, ...row }) => ({
          ...row,
          id: jsonInteger(row.id),
          ...describeOriginal(bytes, size),
        }),
      );
    },
  };
}

function presentRun(row: Pick<Selectable<RunsTable>, (typeof runColumns)[number]>): MigrationRun {
  return { ...row, id: jsonInteger(row.id) };
}
