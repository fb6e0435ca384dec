import { sql } from 'kysely';
import type { DurableTier } from '../../tiers/durable/index.ts';
import { summary, summaryColumns, type SummaryRow } from './rows.ts';
import type { Universe } from './schema.ts';
import type { TopPicksDatabase } from './table.ts';

/** Pairs of universe and mode beyond these are left out: a page that lists them all would help nobody. */
const UNIVERSES_MAX = 1_000;

type Row = { [Column in keyof SummaryRow]: SummaryRow[Column] | null } & { universe: string; mode: string };

/**
 * Each universe and mode of which there is a run, with the newest run of it that picked anything. The index is asked for the next
 * pair behind the last one, so that it costs a few looks a pair, however many runs there are.
 */
export async function universesOf(durable: DurableTier): Promise<Universe[]> {
  const columns = sql.join(
    summaryColumns
      .filter((name) => name !== 'universe' && name !== 'mode')
      .map((name) => sql.ref(`run.${name}`)),
  );
  const { rows } = await sql<Row>`
    with recursive pair as (
      (select universe, mode from top_picks_runs order by universe, mode limit 1)
      union all
      select following.universe, following.mode
      from pair cross join lateral (
        select universe, mode from top_picks_runs
        where (universe, mode) > (pair.universe, pair.mode)
        order by universe, mode limit 1
      ) as following
    )
    select pair.universe, pair.mode, ${columns}
    from (select * from pair limit ${UNIVERSES_MAX}::int) as pair left join lateral (
      select * from top_picks_runs
      where universe = pair.universe and mode = pair.mode and picks_count > 0
      order by generated_at desc, id desc limit 1
    ) as run on true
    order by pair.universe collate "C", pair.mode collate "C"`.execute(durable.kysely<TopPicksDatabase>());
  return rows.map((row) => ({
    universe: row.universe,
    mode: row.mode,
    latest: row.id === null ? null : summary(row as SummaryRow),
  }));
}
