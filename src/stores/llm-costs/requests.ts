import { type Kysely, sql } from 'kysely';
import { jsonInteger } from '../../core/json-number.ts';
import { type Page, pageOf } from '../../core/page.ts';
import type { LoggedRequest, RequestsQuery } from './schema.ts';
import type { LlmCostsDatabase } from './table.ts';

const columns = [
  'id',
  'model',
  'provider',
  'tokens_input',
  'tokens_output',
  'cached_read_tokens',
  'cached_write_tokens',
  'reasoning_tokens',
  'priced_by',
  'tags',
  'user_id',
  'response_id',
] as const;

/** A page of the requests that were logged, newest first. Migrated rows without a time are not among them. */
export async function requestsOf(
  database: Kysely<LlmCostsDatabase>,
  { priced, from, to, as_of, limit, cursor }: RequestsQuery,
): Promise<Page<LoggedRequest>> {
  let query = database
    .selectFrom('llm_requests')
    .select([...columns, sql<string>`created_at`.as('created_at')])
    .select(sql<string | null>`trim_scale(cost_usd)`.as('cost_usd'))
    .where('created_at', 'is not', null);
  if (priced !== undefined) query = query.where('cost_usd', priced ? 'is not' : 'is', null);
  if (from !== undefined) query = query.where('created_at', '>=', from);
  if (to !== undefined) query = query.where('created_at', '<', to);
  if (as_of !== undefined) query = query.where('created_at', '<=', as_of);
  if (cursor !== undefined) {
    const [time, id] = cursor;
    query = query.where(sql<boolean>`(created_at, id) < (${time}::timestamptz, ${id}::bigint)`);
  }
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(
    rows,
    limit,
    (row) => [row.created_at, row.id],
    (row) => ({
      ...row,
      id: jsonInteger(row.id),
      tokens_input: integerOrNull(row.tokens_input),
      tokens_output: integerOrNull(row.tokens_output),
      cached_read_tokens: integerOrNull(row.cached_read_tokens),
      cached_write_tokens: integerOrNull(row.cached_write_tokens),
      reasoning_tokens: integerOrNull(row.reasoning_tokens),
    }),
  );
}

const integerOrNull = (value: bigint | null) => (value === null ? null : jsonInteger(value));
