import { StockroomError } from '../../core/errors.ts';
import { type Appended, appendRows, type AppendTable } from '../../tiers/durable/append/index.ts';
import type { Session } from '../../tiers/durable/index.ts';
import type { Changes } from '../../tiers/views/index.ts';
import { contentOf, OPEN, ranked, type RecommendationViews, SYMBOL_MAX, UNEVALUATED_MAX } from './keys.ts';
import type { PreparedRun } from './payload.ts';
import { columns, present, type Row } from './rows.ts';
import type { LoggedRun } from './schema.ts';
import type { RecommendationsDatabase } from './table.ts';

const table: AppendTable = {
  name: 'ai_recommendations',
  columns: {
    symbol: 'text',
    mode: 'text',
    universe: 'text',
    source: 'text',
    recommendation: 'text',
    direction: 'text',
    generated_at: 'timestamptz',
    entry_price: 'float8',
    stop_loss_price: 'float8',
    target_price: 'float8',
    score_blend: 'float8',
    confidence: 'text',
    risk_profile: 'text',
    run_id: 'text',
    rank_in_run: 'bigint',
    policy_version: 'text',
    features: 'jsonb',
  },
  returning: columns,
};

/**
 * Appends the recommendations of a run in the transaction of the session, and says to `changes` which keys that moves. The caller
 * notes the changes in the transaction and applies them after the commit.
 *
 * @throws StockroomError IDEMPOTENCY_CONFLICT when the run was logged before with other content
 */
export async function appendRecommendations(
  session: Session,
  changes: Changes,
  views: RecommendationViews,
  run: PreparedRun,
): Promise<LoggedRun> {
  const { runId, rows, dropped } = run;
  const appended =
    (run.isNamed ? await loggedBefore(session, run) : undefined) ??
    (await appendRows<Row>(session, table, rows));
  const written: Row[] = [];
  const items = appended.map((outcome) => {
    if (outcome instanceof StockroomError) throw outcome;
    if (!outcome.repeated) written.push(outcome.row);
    return outcome.row;
  });
  move(changes, views, written);
  return {
    // A repetition without an id of its own is told the id that the first one was given.
    run_id: items[0]?.run_id ?? runId,
    logged: written.length,
    repeated: items.length - written.length,
    dropped,
    items: items.map(present),
  };
}

/**
 * The rows of a run that stand there already, by whichever key they were logged. Calls about one run come one after the other.
 *
 * @returns undefined when there are none
 * @throws StockroomError IDEMPOTENCY_CONFLICT when they say something else
 */
async function loggedBefore(
  session: Session,
  { runId, rows }: PreparedRun,
): Promise<readonly Appended<Row>[] | undefined> {
  await session.query("select pg_advisory_xact_lock(hashtextextended('recommendations:run:' || $1, 0))", [
    runId,
  ]);
  const found = await session
    .kysely<RecommendationsDatabase>()
    .selectFrom('ai_recommendations')
    .select([...columns, 'idempotency_hash'])
    .where('run_id', '=', runId)
    // What was migrated has none: old run ids repeat.
    .where('idempotency_hash', 'is not', null)
    .orderBy('id')
    .execute();
  if (found.length === 0) return undefined;
  const byHash = new Map(
    found.map(({ idempotency_hash: hash, ...row }) => [Buffer.from(hash!).toString('hex'), row]),
  );
  const same = rows.flatMap(({ hash }) => byHash.get(hash) ?? []);
  if (same.length === rows.length && byHash.size === rows.length) {
    return same.map((row) => ({ row, repeated: true }));
  }
  throw new StockroomError(
    'IDEMPOTENCY_CONFLICT',
    `The run ${JSON.stringify(runId)} was logged before with other recommendations; give every run an id of its own`,
    { details: { run_id: runId } },
  );
}

function move(changes: Changes, views: RecommendationViews, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  for (const row of rows) changes.place(views.one, row.id, contentOf(row));
  for (const runId of new Set(rows.map((row) => row.run_id))) {
    if (runId !== null) changes.refresh(views.run, runId);
  }
  for (const row of rows) changes.rank(views.symbol, row, [ranked(row)], SYMBOL_MAX);
  changes.rank(views.unevaluated, OPEN, rows.map(ranked), UNEVALUATED_MAX);
}
