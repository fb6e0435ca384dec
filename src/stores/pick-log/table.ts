import type { Generated } from 'kysely';

/** A pick as it was signalled. */
export interface PickEventsTable {
  id: Generated<bigint>;
  pick_uuid: string;
  symbol: string;
  direction: string;
  source: string;
  mode: string;
  signal_ts: string;
  /** The exchange's day of the signal; of migrated rows as the old application had it. */
  trade_date: string;
  signal_price: number;
  recommended_entry: number | null;
  recommended_target: number | null;
  recommended_stop: number | null;
  time_horizon: string | null;
  blend_score: number | null;
  recommendation: string | null;
  confidence: string | null;
  regime: string | null;
  risk_profile_bucket: string | null;
  mode_bucket: string | null;
  universe: string | null;
  extra_context: unknown;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
  legacy_source: string | null;
  legacy_id: bigint | null;
  legacy_extra: unknown;
}

/** What one agent said about a pick. */
export interface PickAgentContributionsTable {
  id: Generated<bigint>;
  pick_uuid: string;
  agent_name: string;
  score: number | null;
  confidence: string | null;
  metadata: unknown;
}

/** What became of a pick at the end of one horizon. */
export interface PickOutcomesTable {
  id: Generated<bigint>;
  pick_uuid: string;
  evaluation_horizon: string;
  horizon_end_ts: string;
  price_close: number | null;
  price_high: number | null;
  price_low: number | null;
  ret_close_pct: number | null;
  max_runup_pct: number | null;
  max_drawdown_pct: number | null;
  benchmark_symbol: string | null;
  benchmark_ret_pct: number | null;
  ret_vs_benchmark_pct: number | null;
  hit_target: boolean | null;
  hit_stop: boolean | null;
  outcome_label: string | null;
  notes: unknown;
  /** When it was written here; null for a migrated row. */
  known_at: string | null;
  /** Which exit closed the pick; null where none did. */
  exit_key: string | null;
}

export interface PoliciesTable {
  id: Generated<bigint>;
  policy_id: string;
  name: string;
  description: string | null;
  created_at: string;
  updated_at: string;
  status: string;
  config: unknown;
  metrics: unknown;
  activated_at: string | null;
  deactivated_at: string | null;
}

export interface PickLogDatabase {
  pick_events: PickEventsTable;
  pick_agent_contributions: PickAgentContributionsTable;
  pick_outcomes: PickOutcomesTable;
  rl_policies: PoliciesTable;
}
