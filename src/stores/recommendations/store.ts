import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import { titleCase } from '../../core/inputs.ts';
import { jsonDouble, jsonInteger, jsonIntegerOrNull } from '../../core/json-number.ts';
import { type Page, pageOf } from '../../core/page.ts';
import type { DurableTier } from '../../tiers/durable/port.ts';
import type { ListQuery, Recommendation } from './schema.ts';
import type { AiRecommendationsTable, RecommendationsDatabase } from './table.ts';

export interface RecommendationsOptions {
  durable: DurableTier;
}

/** The recommendations and their evaluations: see README.md. */
export interface Recommendations {
  /** Newest first. With `as_of`, as they would have been listed at that time. */
  list(query: ListQuery): Promise<Page<Recommendation>>;
}

type Row = Omit<Selectable<AiRecommendationsTable>, 'idempotency_key' | 'idempotency_hash' | 'legacy_extra'>;

const beforeEvaluation = [
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
  'legacy_source',
  'legacy_id',
] as const;
const byEvaluation = [
  'evaluated',
  'evaluated_at',
  'exit_price',
  'exit_time',
  'exit_reason',
  'pnl_pct',
  'max_drawdown_pct',
  'alpha_vs_benchmark',
  'labels',
] as const;

export function createRecommendations({ durable }: RecommendationsOptions): Recommendations {
  const database = durable.kysely<RecommendationsDatabase>();

  return {
    async list(query) {
      const { limit } = query;
      const rows = await database
        .selectFrom('ai_recommendations')
        .select([...beforeEvaluation, ...byEvaluation])
        .where((builder) => builder.and(conditions(builder, query)))
        .orderBy('generated_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(
        rows,
        limit,
        (row) => [row.generated_at, row.id],
        (row) => present(wasKnown(row, query.as_of) ? row : withoutEvaluation(row)),
      );
    },
  };
}

/** The filter matches what it says, or what the old writer made of it when it stored the row. */
function forms(text: string, stored: (text: string) => string): string[] {
  return [...new Set([text, stored(text)])];
}

const upperCase = (text: string): string => text.toUpperCase();

type Builder = ExpressionBuilder<RecommendationsDatabase, 'ai_recommendations'>;

function conditions(builder: Builder, query: ListQuery) {
  const { symbol, mode, universe, source, evaluated, from, to, cursor, as_of } = query;
  const parts = [];
  if (symbol !== undefined) parts.push(builder('symbol', 'in', forms(symbol, upperCase)));
  if (mode !== undefined) parts.push(builder('mode', 'in', forms(mode, titleCase)));
  if (universe !== undefined) parts.push(builder('universe', 'in', forms(universe, upperCase)));
  if (source !== undefined) parts.push(builder('source', '=', source));
  if (from !== undefined) parts.push(builder('generated_at', '>=', from));
  if (to !== undefined) parts.push(builder('generated_at', '<', to));
  if (as_of !== undefined) parts.push(builder('generated_at', '<=', as_of));
  if (evaluated !== undefined) {
    // An evaluation without a time may have come later: at a time of the past it is not known.
    const known =
      as_of === undefined
        ? sql<boolean>`evaluated`
        : sql<boolean>`(evaluated and coalesce(evaluated_at <= ${as_of}::timestamptz, false))`;
    parts.push(evaluated ? known : builder.not(known));
  }
  if (cursor !== undefined) {
    const [time, id] = cursor;
    parts.push(sql<boolean>`(generated_at, id) < (${time}::timestamptz, ${id}::bigint)`);
  }
  return parts;
}

/** Both times have the same form, UTC with six decimals, so that text compares as time. */
function wasKnown(row: Row, asOf: string | undefined): boolean {
  return asOf === undefined || (row.evaluated_at !== null && row.evaluated_at <= asOf);
}

/** The row before anybody knew how it would end: a backtest that reads it must not see the future. */
function withoutEvaluation(row: Row): Row {
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

function present(row: Row): Recommendation {
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
