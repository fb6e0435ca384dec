import type { Generated } from 'kysely';

/** A run of the top-picks engine. Append-only: the database refuses every change outside the migration and the archive. */
export interface TopPicksRunsTable {
  id: Generated<bigint>;
  /** Repeats: a run that was stored twice is two rows. */
  run_id: string;
  /** Lower case. */
  universe: string;
  /** Title case. */
  mode: string;
  generated_at: string;
  trigger: string | null;
  total_analyzed: bigint | null;
  filtered_count: bigint | null;
  picks_count: bigint | null;
  elapsed_sec: number | null;
  payload: unknown;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
  legacy_source: string | null;
  legacy_id: bigint | null;
  legacy_extra: unknown;
}

export interface TopPicksDatabase {
  top_picks_runs: TopPicksRunsTable;
}
