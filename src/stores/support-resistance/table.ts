import type { Generated } from 'kysely';

/** Levels as they were computed, or given. The newest of a symbol, scope and method count. */
export interface SupportResistanceLevelsTable {
  id: Generated<bigint>;
  symbol: string;
  timeframe_scope: string;
  method: Generated<string>;
  p: number | null;
  r1: number | null;
  r2: number | null;
  r3: number | null;
  r4: number | null;
  s1: number | null;
  s2: number | null;
  s3: number | null;
  s4: number | null;
  computed_at: string;
  /** How many sessions they were made of; null: given by a caller, or migrated. */
  sessions: number | null;
  last_session: string | null;
  legacy_source: string | null;
  legacy_key: string | null;
  legacy_extra: unknown;
}

export interface LevelsDatabase {
  support_resistance_levels: SupportResistanceLevelsTable;
}
