import type { DurableTier, Param, Session } from '../../tiers/durable/index.ts';
import type { Confidence } from './schema.ts';

/** The family in hot_state: as the migration loads the old file. */
export const FAMILY = 'scores';

const MICROS = '(extract(epoch from clock_timestamp()) * 1000000)::bigint';

/** A score as it is stored. Times are text in ISO 8601, with six decimals in UTC. */
export interface StoredScore {
  readonly key: string;
  readonly value: unknown;
  readonly blend_score: number | null;
  readonly created_at: string;
  readonly expires_at: string | null;
}

export interface NewScore {
  readonly symbol: string;
  /** JSON. */
  readonly body: string;
  readonly at: string;
  readonly expiresAt: string;
}

export interface Ranking {
  readonly symbols?: readonly string[] | undefined;
  readonly n: number;
  readonly minConfidence?: Confidence | undefined;
  readonly actionable?: boolean | undefined;
  readonly now: string;
  /** Scores made later are left out. */
  readonly madeBy?: string | undefined;
}

/**
 * A migrated document may hold any number, and what double precision cannot hold would fail the statement. The index
 * `hot_state_scores_ranked` is over this very expression.
 */
const BLEND_SCORE = `
  case jsonb_typeof(value -> 'blend_score') when 'number' then
    case
      when abs((value ->> 'blend_score')::numeric) between 1e-300 and 1e300 then (value ->> 'blend_score')::float8
      when abs((value ->> 'blend_score')::numeric) < 1e-300 then 0
    end
  end`;
const COLUMNS = `key, value, ${BLEND_SCORE} as blend_score, created_at, expires_at`;
/** From the least one. */
const CONFIDENCES: readonly Confidence[] = ['low', 'medium', 'high'];
/** $1 is the present. */
const LIVE = `family = '${FAMILY}' and not deleted and (expires_at is null or expires_at > $1::timestamptz)`;

/**
 * Writes scores unless a newer one is there. What is there from beyond `beyond` proves nothing: the old application wrote local
 * times as UTC.
 * @returns the symbols that were written
 */
export async function writeScores(
  session: Session,
  scores: readonly NewScore[],
  beyond: string,
): Promise<Set<string>> {
  // Sorted, so that two statements that write the same rows never wait for one another in a circle.
  const { rows } = await session.query<{ key: string }>(
    `insert into hot_state as kept (family, key, value, created_at, expires_at, version, deleted)
     select '${FAMILY}', key, body::jsonb, created_at, expires_at, ${MICROS}, false
     from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as item (key, body, created_at, expires_at)
     order by key collate "C"
     on conflict (family, key) do update set
       value = excluded.value, created_at = excluded.created_at, expires_at = excluded.expires_at,
       version = greatest(kept.version + 1, excluded.version), deleted = false
     where kept.deleted or excluded.created_at >= kept.created_at or kept.created_at > $5::timestamptz
     returning key`,
    [
      scores.map(({ symbol }) => symbol),
      scores.map(({ body }) => body),
      scores.map(({ at }) => at),
      scores.map(({ expiresAt }) => expiresAt),
      beyond,
    ],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Deletes by a mark: rows of the migration stay, since its proof counts them; others are swept later. */
export async function deleteScores(
  session: Session,
  symbols: readonly string[] | undefined,
  now: string,
): Promise<{ key: string; live: boolean }[]> {
  const { rows } = await session.query<{ key: string; live: boolean }>(
    `with doomed as (
       select key, expires_at is null or expires_at > $1::timestamptz as live from hot_state
       where family = '${FAMILY}' and not deleted and ($2::text[] is null or key = any($2::text[]))
       order by key for update
     )
     update hot_state set value = null, deleted = true, version = greatest(version + 1, ${MICROS}),
       expires_at = $1::timestamptz
     from doomed where hot_state.family = '${FAMILY}' and hot_state.key = doomed.key
     returning doomed.key, doomed.live`,
    [now, symbols ?? null],
  );
  return rows;
}

/** Those that live at `now` and were made by `madeBy`. */
export async function readScores(
  source: Pick<DurableTier, 'query'>,
  symbols: readonly string[],
  now: string,
  madeBy?: string,
): Promise<StoredScore[]> {
  const { rows } = await source.query<StoredScore>(
    `select ${COLUMNS} from hot_state
     where ${LIVE} and key = any($2::text[]) and ($3::timestamptz is null or created_at <= $3::timestamptz)`,
    [now, symbols, madeBy ?? null],
  );
  return rows;
}

/**
 * By score, best first, those of equal score by symbol. The global rank counts every live score, whatever is asked for.
 * Scores are read in the order of the index `hot_state_scores_ranked`, and no further than the last one of the answer: for that its text
 * has no condition that nothing was asked of, and its order is that of the ranks.
 */
export async function rankScores(
  source: Pick<DurableTier, 'query'>,
  { symbols, n, minConfidence, actionable, now, madeBy }: Ranking,
): Promise<(StoredScore & { global_rank: number })[]> {
  const params: Param[] = [now];
  const parameter = (value: Param): string => `$${params.push(value)}`;
  const counted = [LIVE, 'blend_score is not null'];
  if (madeBy !== undefined) counted.push(`created_at <= ${parameter(madeBy)}::timestamptz`);
  const shown = ['true'];
  if (symbols !== undefined) shown.push(`key = any(${parameter(symbols)}::text[])`);
  if (minConfidence !== undefined) {
    const least = CONFIDENCES.indexOf(minConfidence) + 1;
    shown.push(
      `array_position(array['${CONFIDENCES.join("', '")}'], lower(value ->> 'confidence')) >= ${parameter(least)}::int`,
    );
  }
  if (actionable !== undefined)
    shown.push(
      `coalesce(value -> 'is_actionable' = 'true'::jsonb, false) = ${parameter(actionable)}::boolean`,
    );
  const { rows } = await source.query<StoredScore & { global_rank: bigint }>(
    `with ranked as (
       select *, row_number() over (order by blend_score desc, key) as global_rank
       from (select family, deleted, ${COLUMNS} from hot_state) as scored where ${counted.join(' and ')}
     )
     select key, value, blend_score, created_at, expires_at, global_rank from ranked
     where ${shown.join(' and ')} order by blend_score desc, key limit ${parameter(n)}`,
    params,
  );
  return rows.map((row) => ({ ...row, global_rank: Number(row.global_rank) }));
}

/** The newest of all that live. */
export async function newestScore(
  source: Pick<DurableTier, 'query'>,
  now: string,
): Promise<Pick<StoredScore, 'created_at' | 'expires_at'> | undefined> {
  const { rows } = await source.query<Pick<StoredScore, 'created_at' | 'expires_at'>>(
    `select created_at, expires_at from hot_state where ${LIVE} order by created_at desc limit 1`,
    [now],
  );
  return rows[0];
}

export async function liveSymbols(
  source: Pick<DurableTier, 'query'>,
  now: string,
  max: number,
): Promise<string[]> {
  const { rows } = await source.query<{ key: string }>(
    `select key from hot_state where ${LIVE} order by created_at desc limit $2`,
    [now, max],
  );
  return rows.map(({ key }) => key);
}
