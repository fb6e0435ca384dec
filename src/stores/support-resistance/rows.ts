import type { Selectable } from 'kysely';
import { jsonDouble } from '../../core/json-number.ts';
import type { Session } from '../../tiers/durable/index.ts';
import type { Source } from '../../tiers/views/index.ts';
import type { Method } from './formulas.ts';
import { periodAt, type Scope } from './periods.ts';
import type { LevelsDatabase, SupportResistanceLevelsTable } from './table.ts';

/** Which levels: of a symbol (in upper case), a scope and a method. */
export interface LevelsId {
  readonly symbol: string;
  readonly scope: Scope;
  readonly method: Method;
}

const columns = [
  'symbol',
  'timeframe_scope',
  'method',
  'p',
  'r1',
  'r2',
  'r3',
  's1',
  's2',
  's3',
  'r4',
  's4',
  'computed_at',
  'sessions',
  'last_session',
] as const;

export type LevelsRow = Pick<Selectable<SupportResistanceLevelsTable>, (typeof columns)[number]>;

/** The newest, stale or not. */
export async function newestRow(
  source: Source,
  { symbol, scope, method }: LevelsId,
  computedBy?: string,
): Promise<LevelsRow | undefined> {
  let query = source
    .kysely<LevelsDatabase>()
    .selectFrom('support_resistance_levels')
    .select(columns)
    .where('symbol', '=', symbol)
    .where('timeframe_scope', '=', scope)
    .where('method', '=', method);
  if (computedBy !== undefined) query = query.where('computed_at', '<=', computedBy);
  const row = await query.orderBy('computed_at', 'desc').limit(1).executeTakeFirst();
  return row && finite(row);
}

/** Levels computed at the same time as others are those. */
export async function writeRow(session: Session, row: LevelsRow): Promise<void> {
  const { symbol: _symbol, timeframe_scope: _scope, method: _method, computed_at: _at, ...figures } = row;
  await session
    .kysely<LevelsDatabase>()
    .insertInto('support_resistance_levels')
    .values({ ...row, legacy_source: null, legacy_key: null, legacy_extra: null })
    .onConflict((conflict) =>
      conflict.columns(['symbol', 'timeframe_scope', 'method', 'computed_at']).doUpdateSet(figures),
    )
    .execute();
}

/** Those that may hold still. */
export async function recentIds(source: Source, nowMs: number, max: number): Promise<LevelsId[]> {
  const rows = await source
    .kysely<LevelsDatabase>()
    .selectFrom('support_resistance_levels')
    .select(['symbol', 'timeframe_scope', 'method'])
    .where('computed_at', '>=', new Date(periodAt('Y', nowMs).startMs).toISOString())
    .groupBy(['symbol', 'timeframe_scope', 'method'])
    .orderBy((builder) => builder.fn.max('computed_at'), 'desc')
    .limit(max)
    .execute();
  return rows.map(({ symbol, timeframe_scope: scope, method }) => ({
    symbol,
    scope: scope as Scope,
    method: method as Method,
  }));
}

/** A migrated level may be no number. */
function finite(row: LevelsRow): LevelsRow {
  return {
    ...row,
    p: jsonDouble(row.p),
    r1: jsonDouble(row.r1),
    r2: jsonDouble(row.r2),
    r3: jsonDouble(row.r3),
    s1: jsonDouble(row.s1),
    s2: jsonDouble(row.s2),
    s3: jsonDouble(row.s3),
    r4: jsonDouble(row.r4),
    s4: jsonDouble(row.s4),
  };
}
