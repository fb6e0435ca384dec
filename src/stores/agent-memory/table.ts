import type { Generated } from 'kysely';

/** What an agent found out about a symbol; appended, never changed. */
export interface MemoryAnalysesTable {
  id: Generated<bigint>;
  symbol: string;
  agent_type: string;
  result: unknown;
  created_at: string;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
  legacy_source: string | null;
  legacy_id: bigint | null;
  legacy_extra: unknown;
}

export interface MemoryPreferencesTable {
  id: Generated<bigint>;
  user_id: string;
  pref_key: string;
  value: unknown;
  /** Null: an old one that did not say. */
  updated_at: string | null;
  legacy_source: string | null;
  legacy_key: string | null;
  legacy_extra: unknown;
}

export interface AgentMemoryDatabase {
  memory_analyses: MemoryAnalysesTable;
  memory_preferences: MemoryPreferencesTable;
}
