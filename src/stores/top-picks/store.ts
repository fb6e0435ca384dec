import { type SelectQueryBuilder, sql } from 'kysely';
import { type Clock, systemClock } from '../../core/clock.ts';
import { StockroomError } from '../../core/errors.ts';
import { type Page, pageOf } from '../../core/page.ts';
import { createStamps } from '../../core/stamps.ts';
import { createGroupCommit } from '../../tiers/durable/append/index.ts';
import type { DurableTier, Session } from '../../tiers/durable/index.ts';
import type { Changes, Views } from '../../tiers/views/index.ts';
import { addViews, latestRun, newestFirst, type TopPicksViews } from './keys.ts';
import { type PreparedRun, prepareRun } from './payload.ts';
import { latestOf, summary, summaryColumns, wholeColumns } from './rows.ts';
import { appendRuns } from './save.ts';
import type {
  Latest,
  LatestQuery,
  Run,
  RunQuery,
  RunSummary,
  RunsQuery,
  SavedRun,
  SaveOptions,
  SavePayload,
  Universe,
} from './schema.ts';
import { type RunListener, RunSubscription, type Subscription } from './subscription.ts';
import type { TopPicksDatabase } from './table.ts';
import { universesOf } from './universes.ts';

/** Runs of one transaction: a payload may be megabytes. */
const BATCH_MAX = 16;
const WAITING_MAX = 1_000;

export interface TopPicksOptions {
  durable: DurableTier;
  views: Views;
  clock?: Clock;
}

/** The history of the top-picks runs: see README.md. */
export interface TopPicks {
  /**
   * Appends a run. A run id or an idempotency key that was given makes it idempotent.
   * @throws StockroomError INVALID_INPUT naming the field, IDEMPOTENCY_CONFLICT when the key was used with something else
   */
  save(payload: SavePayload, options?: SaveOptions): Promise<SavedRun>;
  /** Checks a run and makes its id and key, once, for `saveIn`. @throws StockroomError INVALID_INPUT naming the field */
  prepare(payload: SavePayload, options?: SaveOptions): PreparedRun;
  /**
   * Appends a run in a transaction of the caller's, who notes the changes in it, applies them after its commit and then calls
   * `announce`. @throws StockroomError IDEMPOTENCY_CONFLICT
   */
  saveIn(session: Session, changes: Changes, run: PreparedRun): Promise<SavedRun>;
  /** Something was committed: subscribers of this process look at once instead of within a second. */
  announce(): void;
  /**
   * Tells of every run that is saved from now on, by whichever process, one after the other; at least once.
   * @throws StockroomError DATABASE_UNREACHABLE
   */
  subscribe(listener: RunListener): Promise<Subscription>;
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
  /** Each universe and mode of which there is a run, with the newest one that picked anything. */
  universes(): Promise<Universe[]>;
  /** Ends the subscriptions; resolves when every save is settled. */
  close(): Promise<void>;
}

type Query<O> = SelectQueryBuilder<TopPicksDatabase, 'top_picks_runs', O>;

export function createTopPicks({ durable, views: allViews, clock = systemClock }: TopPicksOptions): TopPicks {
  const views = addViews(allViews);
  const stamp = createStamps(clock);
  const subscriptions = new Set<RunSubscription>();
  const commit = createGroupCommit<PreparedRun, SavedRun>({
    durable,
    settings: { batchMax: BATCH_MAX, waitingMax: WAITING_MAX },
    async write(session, runs) {
      const changes = allViews.changes();
      const results = await appendRuns(session, changes, views, runs);
      changes.note(session);
      return { results, committed: () => changes.apply() };
    },
  });
  const prepare = (payload: SavePayload, options: SaveOptions = {}) => prepareRun(payload, options, stamp());
  const announce = (): void => {
    for (const subscription of subscriptions) subscription.wake();
  };

  return {
    prepare,
    announce,

    async save(payload, options) {
      const saved = await commit.submit(prepare(payload, options));
      announce();
      return saved;
    },

    async saveIn(session, changes, run) {
      const [saved] = await appendRuns(session, changes, views, [run]);
      if (saved instanceof StockroomError) throw saved;
      return saved!;
    },

    async subscribe(listener) {
      const subscription = new RunSubscription(durable, listener);
      await subscription.start();
      subscriptions.add(subscription);
      return {
        async close() {
          subscriptions.delete(subscription);
          await subscription.close();
        },
      };
    },

    ...readsOf(durable, views),

    async close() {
      await commit.close();
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
    },
  };
}

function readsOf(
  durable: DurableTier,
  views: TopPicksViews,
): Pick<TopPicks, 'latest' | 'run' | 'runs' | 'universes'> {
  return {
    async latest({ universe, mode, as_of }) {
      if (as_of === undefined) {
        const content = await views.latest.read({ universe, mode });
        if (content?.kind === 'text') return JSON.parse(content.text) as Latest;
      } else {
        const row = await knownAt(latestRun(durable, { universe, mode }), as_of).executeTakeFirst();
        if (row !== undefined) return latestOf(row);
      }
      throw notFound(`run of ${universe} in mode ${mode} that picked anything`, as_of);
    },

    async run(runId, { as_of } = {}) {
      const query = newestFirst(durable).select(wholeColumns).where('run_id', '=', runId).limit(1);
      const row = await knownAt(query, as_of).executeTakeFirst();
      if (row === undefined) throw notFound(`run ${JSON.stringify(runId)}`, as_of);
      return { ...summary(row), payload: row.payload };
    },

    async runs({ universe, mode, trigger, from, to, limit, cursor, as_of }) {
      let query = newestFirst(durable).select(summaryColumns);
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

    universes: () => universesOf(durable),
  };
}

function knownAt<O>(query: Query<O>, asOf: string | undefined): Query<O> {
  return asOf === undefined ? query : query.where('generated_at', '<=', asOf);
}

function notFound(what: string, asOf: string | undefined): StockroomError {
  const when = asOf === undefined ? '' : ` up to ${asOf}`;
  return new StockroomError(
    'NOT_FOUND',
    `There is no ${what}${when}; GET /v1/top-picks/runs lists what there is`,
  );
}
