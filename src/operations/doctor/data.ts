import { migrationStatus, showStages } from '../../migration/index.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { fail, type Found, ok, warn } from './finding.ts';
import type { Patient } from './patient.ts';

/** More than this is told as this many. */
const COUNTED_MAX = 100_000;
/** Models that are named. */
const NAMED_MAX = 10;

/** Requests of models whose price is not known: they count as nothing in spend and budgets. */
export async function unpricedModels(durable: DurableTier): Promise<Found> {
  const { rows } = await durable.query<{ model: string; requests: bigint }>(
    `select model, count(*) as requests from (
       select model from llm_requests where cost_usd is null limit ${COUNTED_MAX}) as unpriced
     group by model order by count(*) desc, model`,
  );
  if (rows.length === 0) return ok('Every request has a price.');
  const requests = rows.reduce((sum, row) => sum + Number(row.requests), 0);
  return warn(
    'Requests of some models have no price: spend and budgets do not count them.',
    {
      requests,
      at_least: requests >= COUNTED_MAX,
      models: rows
        .slice(0, NAMED_MAX)
        .map(({ model, requests: ofModel }) => ({ model, requests: Number(ofModel) })),
    },
    'Give the models a price (PUT /v1/llm/prices/:model), then POST /v1/llm/reprice with only_unpriced.',
  );
}

/** Writes whose keys in Redis were not corrected, by whoever wrote or by any process that runs. */
export async function laggingProjections(
  durable: DurableTier,
  { hot, thresholds: { intentWarnMs } }: Patient,
): Promise<Found> {
  const { rows } = await durable.query<{ late: bigint; oldest_ms: number | null }>(
    `select count(*) as late, (extract(epoch from now() - min(greatest(created_at, now() - interval '1 day'))) * 1000)::float8 as oldest_ms
     from view_intents where created_at < now() - make_interval(secs => $1)`,
    [intentWarnMs / 1_000],
  );
  const late = Number(rows[0]!.late);
  const evidence = {
    writes: late,
    oldest_ms: Math.round(rows[0]!.oldest_ms ?? 0),
    redis: hot.kind === 'redis',
  };
  if (late === 0) return ok('The keys in Redis follow the rows.', evidence);
  return warn(
    'Keys in Redis lag behind committed rows: nobody has corrected them.',
    evidence,
    hot.kind === 'redis'
      ? 'Start a service (it corrects them within seconds), and see with `stockroom hot verify` whether all is well.'
      : 'Set REDIS_URL as the services have it, or start one: it corrects them within seconds.',
  );
}

export async function quarantineLeft(durable: DurableTier): Promise<Found> {
  const { quarantined, sources } = await migrationStatus(durable);
  if (quarantined === 0) return ok('No row is in quarantine.');
  const left = sources.flatMap(({ id, quarantined: rows }) => (rows === 0 ? [] : [{ source: id, rows }]));
  return warn(
    'Rows of the old files could not be loaded as they are.',
    { rows: quarantined, sources: left },
    '`stockroom migrate quarantine` says why; correct them in the old files, and call `stockroom migrate run` again.',
  );
}

/** Stores whose way stopped: writes that nobody takes, rows that the old side is owed, a stage that lasts. */
export async function stalledStages(durable: DurableTier, { thresholds, now }: Patient): Promise<Found> {
  const stores = (await showStages(durable, { withoutFiles: true })).filter(({ state }) => state !== null);
  const evidence = stores.map(({ store, stage, state, since, lag }) => ({
    store,
    stage,
    state,
    since,
    owed: lag.new,
    refused: lag.refused,
    oldest_ms: lag.oldest_ms,
  }));
  const since = (time: string | null): number => (time === null ? 0 : now() - Date.parse(time));
  const pick = (found: (store: (typeof evidence)[number]) => boolean): typeof evidence =>
    evidence.filter(found);
  const fenced = pick((one) => one.state === 'fenced' && since(one.since) > thresholds.fenceFailMs);
  if (fenced.length > 0) {
    return fail(
      'A move of a stage did not end: nobody takes the writes of these stores.',
      { stores: fenced },
      'Call `stockroom stage set STORE STAGE` again: it takes up the move, or gives it back.',
    );
  }
  const owed = pick((one) => one.refused > 0 || (one.oldest_ms ?? 0) > thresholds.outboxWarnMs);
  if (owed.length > 0) {
    return warn(
      'The old files lag behind: rows wait to be written to them.',
      { stores: owed },
      'Run `stockroom follow DIR`, which writes them; `stockroom stage show STORE` says what was refused.',
    );
  }
  const lasting = pick((one) => one.stage !== 'complete' && since(one.since) > thresholds.stageWarnMs);
  if (lasting.length === 0) return ok('No store is stuck on its way.', { stores: evidence });
  return warn(
    'Stores have been in one stage for long: both sides have to be kept until `complete`.',
    { stores: lasting },
    '`stockroom stage show STORE` names the gates that are closed.',
  );
}
