import { type SelectQueryBuilder, type Selectable, sql } from 'kysely';
import { z } from 'zod';
import { StockroomError } from '../../core/errors.ts';
import { jsonDouble, jsonInteger, jsonIntegerOrNull } from '../../core/json-number.ts';
import { type Page, pageOf } from '../../core/page.ts';
import type { DurableTier } from '../../tiers/durable/port.ts';
import type { Latest, LatestQuery, Run, RunQuery, RunSummary, RunsQuery } from './schema.ts';
import type { TopPicksDatabase, TopPicksRunsTable } from './table.ts';

export interface TopPicksOptions {
  durable: DurableTier;
}

/** The history of the top-picks runs: see README.md. */
export interface TopPicks {
  /**
   * The newest run of a universe and mode that picked anything.
   * @throws StockroomError NOT_FOUND when there is none
   */
  latest(query: LatestQuery): Promise<Latest>;
  /**
   * The newest run of that id: ids repeat.
   * @throws StockroomError NOT_FOUND when there is none
   */
  run(runId: string, query?: RunQuery): Promise<Run>;
  /** Runs without their payload, newest first. */
  runs(query: RunsQuery): Promise<Page<RunSummary>>;
}

const summaryColumns = [
  'id',
  'run_id',
  'universe',
  'mode',
  'generated_at',
  'trigger',
  'total_analyzed',
  'filtered_count',
  'picks_count',
  'elapsed_sec',
] as const;

type SummaryRow = Pick<Selectable<TopPicksRunsTable>, (typeof summaryColumns)[number]>;
type Query<O> = SelectQueryBuilder<TopPicksDatabase, 'top_picks_runs', O>;

export function createTopPicks({ durable }: TopPicksOptions): TopPicks {
  const database = durable.kysely<TopPicksDatabase>();
  const newestFirst = () =>
    database.selectFrom('top_picks_runs').orderBy('generated_at', 'desc').orderBy('id', 'desc');
  const whole = () =>
    newestFirst()
      .select([...summaryColumns, 'payload'])
      .limit(1);

  return {
    async latest({ universe, mode, as_of }) {
      const query = whole()
        .where('universe', '=', universe)
        .where('mode', '=', mode)
        .where('picks_count', '>', 0n);
      const row = await knownAt(query, as_of).executeTakeFirst();
      if (row === undefined) throw notFound(`run of ${universe} in mode ${mode} that picked anything`, as_of);
      return { ...summary(row), ...picksOf(row), elapsed_seconds: jsonDouble(row.elapsed_sec) };
    },

    async run(runId, { as_of } = {}) {
      const row = await knownAt(whole().where('run_id', '=', runId), as_of).executeTakeFirst();
      if (row === undefined) throw notFound(`run ${JSON.stringify(runId)}`, as_of);
      return { ...summary(row), payload: row.payload };
    },

    async runs({ universe, mode, trigger, from, to, limit, cursor, as_of }) {
      let query = newestFirst().select([...summaryColumns]);
      if (universe !== undefined) query = query.where('universe', '=', universe);
      if (mode !== undefined) query = query.where('mode', '=', mode);
      if (trigger !== undefined) query = query.where('trigger', '=', trigger);
      if (from !== undefined) query = query.where('generated_at', '>=', from);
      if (to !== undefined) query = query.where('generated_at', '<', to);
      if (cursor !== undefined) {
        const [time, id] = cursor;
        query = query.where(sql<boolean>`(generated_at, id) < (${time}::timestamptz, ${id}::bigint)`);
      }
      const rows = await knownAt(query, as_of)
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, (row) => [row.generated_at, row.id], summary);
    },
  };
}

function knownAt<O>(query: Query<O>, asOf: string | undefined): Query<O> {
  return asOf === undefined ? query : query.where('generated_at', '<=', asOf);
}

function summary(row: SummaryRow): RunSummary {
  return {
    id: jsonInteger(row.id),
    run_id: row.run_id,
    universe: row.universe,
    mode: row.mode,
    generated_at: row.generated_at,
    trigger: row.trigger,
    total_analyzed: jsonIntegerOrNull(row.total_analyzed),
    filtered_count: jsonIntegerOrNull(row.filtered_count),
    picks_count: jsonIntegerOrNull(row.picks_count),
    elapsed_sec: jsonDouble(row.elapsed_sec),
  };
}

/** Payloads name their picks in one of two ways, and their time too; the old answer had one name for each. */
const pickLists = z.union([
  z.object({ items: z.array(z.unknown()) }).transform(({ items }) => items),
  z.object({ picks: z.array(z.unknown()) }).transform(({ picks }) => picks),
]);
const engineTimes = z.union([
  z.object({ as_of: z.string() }).transform(({ as_of }) => as_of),
  z.object({ generated_at: z.string() }).transform(({ generated_at }) => generated_at),
]);

/** A payload that has neither is shown as it is by `run`; here it has no picks, and the time is that of the row. */
function picksOf({ payload, generated_at }: Pick<TopPicksRunsTable, 'payload' | 'generated_at'>) {
  return {
    items: pickLists.safeParse(payload).data ?? [],
    as_of: engineTimes.safeParse(payload).data ?? generated_at,
  };
}

function notFound(what: string, asOf: string | undefined): StockroomError {
  const when = asOf === undefined ? '' : ` up to ${asOf}`;
  return new StockroomError(
    'NOT_FOUND',
    `There is no ${what}${when}; GET /v1/top-picks/runs lists what there is`,
  );
}
