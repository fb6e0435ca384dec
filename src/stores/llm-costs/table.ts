import type { Generated } from 'kysely';

/** A call of a language model. `cost_usd` is null when the price of the model was not known: unknown is not free. */
export interface LlmRequestsTable {
  id: Generated<bigint>;
  model: string;
  tokens_input: bigint | null;
  tokens_output: bigint | null;
  /** An exact decimal. */
  cost_usd: string | null;
  created_at: Generated<string | null>;
  idempotency_key: string | null;
  idempotency_hash: Uint8Array | null;
  legacy_source: string | null;
  legacy_id: bigint | null;
  legacy_extra: unknown;
}

export interface LlmCostsDatabase {
  llm_requests: LlmRequestsTable;
}
