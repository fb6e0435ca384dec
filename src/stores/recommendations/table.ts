import { type Generated, type SqlBool, sql } from 'kysely';

/** A recommendation, and what became of it once it was evaluated. */
export interface AiRecommendationsTable {
  id: Generated<bigint>;
  symbol: string;
  mode: string;
  universe: string;
  source: string;
  recommendation: string;
  direction: string;
  generated_at: string;
  entry_price: number | null;
  stop_loss_price: number | null;
  target_price: number | null;
  score_blend: number | null;
  confidence: string | null;
  risk_profile: string | null;
  run_id: string | null;
  rank_in_run: bigint | null;
  policy_version: string | null;
  features: unknown;
  evaluated: Generated<boolean>;
  evaluated_at: string | null;
  exit_price: number | null;
  exit_time: string | null;
  exit_reason: string | null;
  pnl_pct: number | null;
  max_drawdown_pct: number | null;
  alpha_vs_benchmark: number | null;
  labels: unknown;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
  legacy_source: string | null;
  legacy_id: bigint | null;
  legacy_extra: unknown;
}

/** As the indexes of open rows have it: compared with a parameter, a prepared statement could not use them. */
export const isOpen = sql<SqlBool>`not evaluated`;

export interface RecommendationsDatabase {
  ai_recommendations: AiRecommendationsTable;
}
