import { keyPart, partOf, type Ranked } from '../../tiers/hot/index.ts';
import type { BoundView, Source, View, Views } from '../../tiers/views/index.ts';
import { itemsOf, latestOf, wholeColumns } from './rows.ts';
import type { TopPicksDatabase } from './table.ts';

const store = 'top-picks';
const LATEST_LIFE_MS = 5 * 60_000;
const RUN_LIFE_MS = 86_400_000;
/** The newest run ids in the sorted set. */
export const RUNS_MAX = 10_000;
/** Runs that `hot rebuild` looks at. */
const RECENT_MAX = 1_000;
/** The one id of the one sorted set. */
export const ALL = 'all';

export interface UniverseMode {
  readonly universe: string;
  readonly mode: string;
}

export interface TopPicksViews {
  readonly latest: BoundView<UniverseMode>;
  readonly runs: BoundView<typeof ALL>;
  readonly run: BoundView<string>;
}

export function addViews(views: Views): TopPicksViews {
  return { latest: views.add(latest), runs: views.add(runs), run: views.add(run) };
}

export function ranked(row: { readonly run_id: string; readonly generated_at: string }): Ranked {
  return { id: row.run_id, score: Date.parse(row.generated_at) };
}

export function newestFirst(source: Source) {
  return source
    .kysely<TopPicksDatabase>()
    .selectFrom('top_picks_runs')
    .orderBy('generated_at', 'desc')
    .orderBy('id', 'desc');
}

/** The newest run of a universe and mode that picked anything. */
export function latestRun(source: Source, { universe, mode }: UniverseMode) {
  return newestFirst(source)
    .select(wholeColumns)
    .where('universe', '=', universe)
    .where('mode', '=', mode)
    .where('picks_count', '>', 0n)
    .limit(1);
}

const latest: View<UniverseMode> = {
  store,
  pattern: 'picks:latest:{universe}:{mode}',
  lifeMs: LATEST_LIFE_MS,
  key: ({ universe, mode }) => `picks:latest:${keyPart(universe)}:${keyPart(mode)}`,
  idOf(key) {
    const parts = /^picks:latest:([^:]*):([^:]*)$/.exec(key);
    return parts === null ? undefined : { universe: partOf(parts[1]!), mode: partOf(parts[2]!) };
  },
  async build(source, id) {
    const row = await latestRun(source, id).executeTakeFirst();
    return row === undefined ? undefined : { content: { kind: 'text', text: JSON.stringify(latestOf(row)) } };
  },
  async recent(source) {
    const rows = await newestFirst(source).select(['universe', 'mode']).limit(RECENT_MAX).execute();
    return [...new Map(rows.map((row) => [JSON.stringify([row.universe, row.mode]), row])).values()];
  },
};

type RunTime = { readonly run_id: string; readonly generated_at: string };

/** The newest run ids, each with its newest time. Ids repeat seldom: so many rows, and only where they do not suffice twice as many. */
async function newestRuns(source: Source): Promise<RunTime[]> {
  for (let looked = RUNS_MAX + 1; ; looked *= 2) {
    // All rows of the last time that is reached are looked at: which of them are among the newest is decided by their ids.
    const { rows } = await source.query<RunTime & { readonly whole: boolean }>(
      `with edge as (
         select generated_at as at from top_picks_runs order by generated_at desc, id desc offset $2 limit 1
       )
       select run_id, max(generated_at) as generated_at, not exists (select from edge) as whole from top_picks_runs
       where generated_at >= coalesce((select at from edge), '-infinity')
       group by run_id order by max(generated_at) desc, run_id desc limit $1`,
      [RUNS_MAX, looked],
    );
    if (rows.length === RUNS_MAX || rows.length === 0 || rows[0]!.whole) return rows;
  }
}

const runs: View<typeof ALL> = {
  store,
  pattern: 'picks:runs',
  key: () => 'picks:runs',
  idOf: (key) => (key === 'picks:runs' ? ALL : undefined),
  async build(source) {
    const rows = await newestRuns(source);
    return rows.length === 0 ? undefined : { content: { kind: 'ranking', members: rows.map(ranked) } };
  },
  recent: () => Promise.resolve([ALL]),
};

const run: View<string> = {
  store,
  pattern: 'picks:run:{run_id}',
  lifeMs: RUN_LIFE_MS,
  key: (id) => `picks:run:${keyPart(id)}`,
  idOf(key) {
    const id = /^picks:run:([^:]*)$/.exec(key)?.[1];
    return id === undefined ? undefined : partOf(id);
  },
  async build(source, id) {
    const row = await newestFirst(source)
      .select(['universe', 'mode', 'generated_at', 'payload'])
      .where('run_id', '=', id)
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { universe, mode, generated_at: created_at, payload } = row;
    const fields = { universe, mode, picks_json: JSON.stringify(itemsOf(payload)), created_at };
    return { content: { kind: 'hash', fields } };
  },
  async recent(source) {
    const rows = await newestFirst(source).select('run_id').limit(RECENT_MAX).execute();
    return [...new Set(rows.map((row) => row.run_id))];
  },
};
