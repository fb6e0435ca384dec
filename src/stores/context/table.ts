import type { Generated } from 'kysely';

interface Migrated {
  legacy_source: Generated<string | null>;
  legacy_id: Generated<bigint | null>;
  legacy_extra: Generated<unknown>;
}

/** What an agent said about a symbol: one row each time. */
export interface AgentAnalysesTable extends Migrated {
  id: Generated<bigint>;
  symbol: string;
  agent_type: string;
  score: number | null;
  confidence: string | null;
  signals: unknown;
  reasoning: string | null;
  metadata: unknown;
  global_context: unknown;
  policy_context: unknown;
  created_at: string | null;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
}

/** The newest row of a key decides: its value, or nothing once it is over. The id of that row is the version of the value. */
export interface ContextMemoryTable extends Migrated {
  id: Generated<bigint>;
  context_type: string;
  key: string;
  value: unknown;
  /** Seconds. */
  ttl: bigint | null;
  created_at: string | null;
  expires_at: string | null;
}

export interface UserPreferencesTable extends Migrated {
  id: Generated<bigint>;
  user_id: string;
  pref_key: string;
  pref_value: unknown;
  updated_at: string | null;
}

/** Migrated rows may repeat a pattern: the newest one is counted up. */
export interface AgentLearningsTable extends Migrated {
  id: Generated<bigint>;
  agent_type: string;
  pattern_recognized: string | null;
  /** 0 to 1. */
  accuracy: number | null;
  sample_size: bigint | null;
  last_updated: string | null;
}

export interface ContextDatabase {
  agent_analyses: AgentAnalysesTable;
  context_memory: ContextMemoryTable;
  user_preferences: UserPreferencesTable;
  agent_learnings: AgentLearningsTable;
}
