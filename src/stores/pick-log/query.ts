import { type ExpressionBuilder, type Selectable, sql } from 'kysely';
import { StockroomError } from '../../core/errors.ts';
import { titleCase } from '../../core/inputs.ts';
import { jsonDouble, jsonInteger, jsonIntegerOrNull } from '../../core/json-number.ts';
import { type Page, pageOf } from '../../core/page.ts';
import type { Session } from '../../tiers/durable/port.ts';
import type { Outcome } from './outcome-schema.ts';
import { type Contribution, normalUuid, type Pick as PickAnswer, type PicksQuery } from './schema.ts';
import type { PickEventsTable, PickLogDatabase, PickOutcomesTable } from './table.ts';

const pickColumns = [
  'id',
  'pick_uuid',
  'symbol',
  'direction',
  'source',
  'mode',
  'signal_ts',
  'trade_date',
  'signal_price',
  'recommended_entry',
  'recommended_target',
  'recommended_stop',
  'time_horizon',
  'blend_score',
  'recommendation',
  'confidence',
  'regime',
  'risk_profile_bucket',
  'mode_bucket',
  'universe',
  'extra_context',
  'legacy_source',
  'legacy_id',
] as const;

export const outcomeColumns = [
  'pick_uuid',
  'evaluation_horizon',
  'horizon_end_ts',
  'price_close',
  'price_high',
  'price_low',
  'ret_close_pct',
  'max_runup_pct',
  'max_drawdown_pct',
  'benchmark_symbol',
  'benchmark_ret_pct',
  'ret_vs_benchmark_pct',
  'hit_target',
  'hit_stop',
  'outcome_label',
  'notes',
  'known_at',
] as const;

type PickRow = Pick<Selectable<PickEventsTable>, (typeof pickColumns)[number]>;
export type OutcomeRow = Pick<Selectable<PickOutcomesTable>, (typeof outcomeColumns)[number]>;

/** Newest first; three statements a page, whatever it holds. */
export async function listPicks(session: Session, query: PicksQuery): Promise<Page<PickAnswer>> {
  const rows = await session
    .kysely<PickLogDatabase>()
    .selectFrom('pick_events')
    .select([...pickColumns])
    .where((builder) => builder.and(conditions(builder, query)))
    .orderBy('signal_ts', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const shown = rows.slice(0, query.limit);
  const whole = await withParts(session, shown, query.as_of);
  return pageOf(
    rows,
    query.limit,
    (row) => [row.signal_ts, row.id],
    (row) => whole.get(row.pick_uuid)!,
  );
}

/** @throws StockroomError NOT_FOUND */
export async function getPick(session: Session, uuid: string, asOf: string | undefined): Promise<PickAnswer> {
  let query = session
    .kysely<PickLogDatabase>()
    .selectFrom('pick_events')
    .select([...pickColumns])
    .where('pick_uuid', 'in', uuidForms(uuid));
  if (asOf !== undefined) query = query.where('signal_ts', '<=', asOf);
  const row = await query.executeTakeFirst();
  if (row === undefined) throw pickNotFound(uuid);
  return (await withParts(session, [row], asOf)).get(row.pick_uuid)!;
}

/** As it was given, for migrated ones, or as ours are. */
export function uuidForms(uuid: string): string[] {
  return [...new Set([uuid, normalUuid(uuid)])];
}

export function pickNotFound(uuid: string): StockroomError {
  return new StockroomError(
    'NOT_FOUND',
    `There is no pick ${JSON.stringify(uuid)}; GET /v1/picks lists what there is`,
  );
}

/** A filter matches what it says, or what a writer made of it when it stored the row. */
function forms(text: string, ...stored: ((text: string) => string)[]): string[] {
  return [...new Set([text, ...stored.map((form) => form(text))])];
}

const upper = (text: string): string => text.toUpperCase();
const lower = (text: string): string => text.toLowerCase();

function conditions(builder: ExpressionBuilder<PickLogDatabase, 'pick_events'>, query: PicksQuery) {
  const { symbol, mode, universe, source, direction, from, to, trade_date, with_outcomes, cursor, as_of } =
    query;
  const parts = [];
  if (symbol !== undefined) parts.push(builder('symbol', 'in', forms(symbol, upper)));
  if (mode !== undefined) parts.push(builder('mode', 'in', forms(mode, titleCase)));
  if (universe !== undefined) parts.push(builder('universe', 'in', forms(universe, lower, upper)));
  if (source !== undefined) parts.push(builder('source', 'in', forms(source, upper)));
  if (direction !== undefined) parts.push(builder('direction', 'in', forms(direction, upper)));
  if (from !== undefined) parts.push(builder('signal_ts', '>=', from));
  if (to !== undefined) parts.push(builder('signal_ts', '<', to));
  if (trade_date !== undefined) parts.push(sql<boolean>`trade_date = ${trade_date}::date`);
  if (as_of !== undefined) parts.push(builder('signal_ts', '<=', as_of));
  if (with_outcomes !== undefined) {
    const known = as_of === undefined ? sql`true` : knownBy(as_of);
    const has = sql<boolean>`exists (select from pick_outcomes as o
      where o.pick_uuid = pick_events.pick_uuid and ${known})`;
    parts.push(with_outcomes ? has : builder.not(has));
  }
  if (cursor !== undefined) {
    const [time, id] = cursor;
    parts.push(sql<boolean>`(signal_ts, id) < (${time}::timestamptz, ${id}::bigint)`);
  }
  return parts;
}

/** Of a migrated outcome nobody wrote down when it became known: its horizon's end is the best that there is. */
function knownBy(asOf: string) {
  return sql<boolean>`coalesce(o.known_at, o.horizon_end_ts) <= ${asOf}::timestamptz`;
}

async function withParts(
  session: Session,
  rows: readonly PickRow[],
  asOf: string | undefined,
): Promise<Map<string, PickAnswer>> {
  const whole = new Map(rows.map((row) => [row.pick_uuid, present(row)]));
  if (rows.length === 0) return whole;
  const uuids = [...whole.keys()];
  const database = session.kysely<PickLogDatabase>();
  const contributions = await database
    .selectFrom('pick_agent_contributions')
    .select(['pick_uuid', 'agent_name', 'score', 'confidence', 'metadata'])
    .where('pick_uuid', 'in', uuids)
    .orderBy('id')
    .execute();
  for (const { pick_uuid, score, ...rest } of contributions) {
    const shown: Contribution = { ...rest, score: jsonDouble(score) };
    whole.get(pick_uuid)?.contributions.push(shown);
  }
  let outcomes = database
    .selectFrom('pick_outcomes as o')
    .select(outcomeColumns.map((column) => `o.${column}` as const))
    .where('o.pick_uuid', 'in', uuids)
    .orderBy('o.horizon_end_ts')
    .orderBy('o.id');
  if (asOf !== undefined) outcomes = outcomes.where(knownBy(asOf));
  for (const row of await outcomes.execute()) {
    whole.get(row.pick_uuid)?.outcomes.push(presentOutcome(row));
  }
  return whole;
}

function present(row: PickRow): PickAnswer {
  return {
    ...row,
    id: jsonInteger(row.id),
    legacy_id: jsonIntegerOrNull(row.legacy_id),
    signal_price: jsonDouble(row.signal_price),
    recommended_entry: jsonDouble(row.recommended_entry),
    recommended_target: jsonDouble(row.recommended_target),
    recommended_stop: jsonDouble(row.recommended_stop),
    blend_score: jsonDouble(row.blend_score),
    contributions: [],
    outcomes: [],
  };
}

export function presentOutcome(row: OutcomeRow): Outcome {
  const { pick_uuid: _, ...shown } = row;
  return {
    ...shown,
    price_close: jsonDouble(row.price_close),
    price_high: jsonDouble(row.price_high),
    price_low: jsonDouble(row.price_low),
    ret_close_pct: jsonDouble(row.ret_close_pct),
    max_runup_pct: jsonDouble(row.max_runup_pct),
    max_drawdown_pct: jsonDouble(row.max_drawdown_pct),
    benchmark_ret_pct: jsonDouble(row.benchmark_ret_pct),
    ret_vs_benchmark_pct: jsonDouble(row.ret_vs_benchmark_pct),
    capture_ratio: noted(row.notes, 'capture_ratio'),
    known_at: row.known_at ?? row.horizon_end_ts,
  };
}

/** A number among the notes, where the old application kept what had no column. */
function noted(notes: unknown, name: string): number | null {
  if (typeof notes !== 'object' || notes === null) return null;
  const value = (notes as Record<string, unknown>)[name];
  return typeof value === 'number' ? value : null;
}
