import { type ExpressionBuilder, sql } from 'kysely';
import { titleCase } from '../../core/inputs.ts';
import { type Page, pageOf } from '../../core/page.ts';
import type { Source } from '../../tiers/views/index.ts';
import { asKnown, columns, present } from './rows.ts';
import type { ListQuery, Recommendation, UnevaluatedQuery } from './schema.ts';
import { isOpen, type RecommendationsDatabase } from './table.ts';

/** Rows of one run: more than any run has, since the old ids may repeat. */
const RUN_ROWS_MAX = 1_000;

/** Newest first. */
export async function listRows(source: Source, query: ListQuery): Promise<Page<Recommendation>> {
  const { limit } = query;
  const rows = await tableOf(source)
    .select(columns)
    .where((builder) => builder.and(conditions(builder, query)))
    .orderBy('generated_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(
    rows,
    limit,
    (row) => [row.generated_at, row.id],
    (row) => present(asKnown(row, query.as_of)),
  );
}

/** Oldest first: the order in which they fall due. */
export async function unevaluatedRows(
  source: Source,
  query: UnevaluatedQuery,
): Promise<Page<Recommendation>> {
  const { mode, before, limit, cursor } = query;
  let select = tableOf(source).select(columns).where(isOpen);
  if (mode !== undefined) select = select.where('mode', 'in', forms(mode, titleCase));
  if (before !== undefined) select = select.where('generated_at', '<', before);
  if (cursor !== undefined) {
    const [time, id] = cursor;
    select = select.where(sql<boolean>`(generated_at, id) > (${time}::timestamptz, ${id}::bigint)`);
  }
  const rows = await select
    .orderBy('generated_at')
    .orderBy('id')
    .limit(limit + 1)
    .execute();
  return pageOf(rows, limit, (row) => [row.generated_at, row.id], present);
}

/** In the order of their ranks. */
export async function runRows(source: Source, runId: string): Promise<Recommendation[]> {
  const rows = await tableOf(source)
    .select(columns)
    .where('run_id', '=', runId)
    .orderBy(sql`rank_in_run nulls last`)
    .orderBy('id')
    .limit(RUN_ROWS_MAX)
    .execute();
  return rows.map(present);
}

const tableOf = (source: Source) => source.kysely<RecommendationsDatabase>().selectFrom('ai_recommendations');

/** The filter matches what it says, or what the old writer made of it when it stored the row. */
function forms(text: string, stored: (text: string) => string): string[] {
  return [...new Set([text, stored(text)])];
}

const upperCase = (text: string): string => text.toUpperCase();

type Builder = ExpressionBuilder<RecommendationsDatabase, 'ai_recommendations'>;

function conditions(builder: Builder, query: ListQuery) {
  const { symbol, mode, universe, source, run_id, confidence, min_score } = query;
  const parts = [...inTime(builder, query)];
  if (symbol !== undefined) parts.push(builder('symbol', 'in', forms(symbol, upperCase)));
  if (mode !== undefined) parts.push(builder('mode', 'in', forms(mode, titleCase)));
  if (universe !== undefined) parts.push(builder('universe', 'in', forms(universe, upperCase)));
  if (source !== undefined) parts.push(builder('source', '=', source));
  if (run_id !== undefined) parts.push(builder('run_id', '=', run_id));
  if (confidence !== undefined) parts.push(builder('confidence', 'in', forms(confidence, titleCase)));
  // PostgreSQL holds NaN to be above every number; nobody means it by a score.
  if (min_score !== undefined) {
    parts.push(sql<boolean>`(score_blend >= ${min_score} and score_blend <> 'NaN')`);
  }
  return parts;
}

function inTime(builder: Builder, { evaluated, from, to, cursor, as_of }: ListQuery) {
  const parts = [];
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
