import type { Selectable } from 'kysely';
import { jsonDouble, jsonInteger, jsonIntegerOrNull } from '../../core/json-number.ts';
import type { Recommendation } from './schema.ts';
import type { AiRecommendationsTable } from './table.ts';

export type Row = Omit<
  Selectable<AiRecommendationsTable>,
  'idempotency_key' | 'idempotency_hash' | 'legacy_extra'
>;

/** What of a row is shown, in the order of the documentation. */
export const columns = [
  'id',
  'symbol',
  'mode',
  'universe',
  'source',
  'recommendation',
  'direction',
  'generated_at',
  'entry_price',
  'stop_loss_price',
  'target_price',
  'score_blend',
  'confidence',
  'risk_profile',
  'run_id',
  'rank_in_run',
  'policy_version',
  'features',
  'evaluated',
  'evaluated_at',
  'exit_price',
  'exit_time',
  'exit_reason',
  'pnl_pct',
  'max_drawdown_pct',
  'alpha_vs_benchmark',
  'labels',
  'legacy_source',
  'legacy_id',
] as const satisfies readonly (keyof Row)[];

export function present(row: Row): Recommendation {
  return {
    ...row,
    id: jsonInteger(row.id),
    rank_in_run: jsonIntegerOrNull(row.rank_in_run),
    legacy_id: jsonIntegerOrNull(row.legacy_id),
    entry_price: jsonDouble(row.entry_price),
    stop_loss_price: jsonDouble(row.stop_loss_price),
    target_price: jsonDouble(row.target_price),
    score_blend: jsonDouble(row.score_blend),
    exit_price: jsonDouble(row.exit_price),
    pnl_pct: jsonDouble(row.pnl_pct),
    max_drawdown_pct: jsonDouble(row.max_drawdown_pct),
    alpha_vs_benchmark: jsonDouble(row.alpha_vs_benchmark),
  };
}

/** What was known at a time of the past: of a later evaluation nothing, of a time that nobody noted neither. */
export function asKnown<R extends Pick<Recommendation, 'evaluated_at'>>(row: R, asOf: string | undefined): R {
  // Both times have the same form, UTC with six decimals, so that text compares as time.
  if (asOf === undefined || (row.evaluated_at !== null && row.evaluated_at <= asOf)) return row;
  return {
    ...row,
    evaluated: false,
    evaluated_at: null,
    exit_price: null,
    exit_time: null,
    exit_reason: null,
    pnl_pct: null,
    max_drawdown_pct: null,
    alpha_vs_benchmark: null,
    labels: null,
  };
}
