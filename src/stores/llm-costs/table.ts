import type { Generated } from 'kysely';

/** A call of a language model. `cost_usd` is null when the price of the model was not known: unknown is not free. */
export interface LlmRequestsTable {
  id: Generated<bigint>;
  model: string;
  /** Cached tokens included. */
  tokens_input: bigint | null;
  /** Reasoning tokens included. */
  tokens_output: bigint | null;
  cached_read_tokens: bigint | null;
  cached_write_tokens: bigint | null;
  reasoning_tokens: bigint | null;
  /** An exact decimal. */
  cost_usd: string | null;
  /** `caller`, `override`, or the price list with its version; null where there is no price, and of migrated rows. */
  priced_by: string | null;
  created_at: Generated<string | null>;
  tags: string[] | null;
  user_id: string | null;
  provider: string | null;
  response_id: string | null;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
  legacy_source: string | null;
  legacy_id: bigint | null;
  legacy_extra: unknown;
}

/** The sums of a day in UTC, kept by triggers of `llm_requests`. */
export interface LlmDailyTotalsTable {
  kind: 'all' | 'model' | 'tag' | 'user';
  /** Empty of `all`. */
  value: string;
  day: string;
  requests: bigint;
  unpriced: bigint;
  tokens_input: string;
  tokens_output: string;
  cost_usd: string;
}

export interface LlmCostsDatabase {
  llm_requests: LlmRequestsTable;
  llm_daily_totals: LlmDailyTotalsTable;
}
