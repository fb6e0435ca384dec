import type { Clock } from '../../core/clock.ts';
import { jsonInteger } from '../../core/json-number.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotState } from '../../tiers/state/index.ts';
import type { Counters, Hits } from './counters.ts';
import { families } from './names.ts';
import type { MemoryStatistics } from './schema.ts';

export interface StatisticsOptions {
  readonly durable: DurableTier;
  readonly state: HotState;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Values of a session that is over may stand there for a while: only those of live ones count. */
const COUNTS = `
  with live as (
    select family, key, value from hot_state
    where family = any($1::text[]) and not deleted and (expires_at is null or expires_at > $2)
  )
  select count(*) filter (where family = '${families.session}') as sessions,
    count(*) filter (where family = '${families.working}') as working,
    count(*) filter (where family = '${families.cache}') as cache,
    (select count(*) from live as held join live as session
       on session.family = '${families.session}' and session.key = split_part(held.key, '/', 1)
       and session.value ->> 'generation' = split_part(held.key, '/', 2)
     where held.family = '${families.sessionValue}') as keys,
    (select count(*) from memory_analyses) as analyses,
    (select count(*) from memory_preferences) as preferences
  from live`;

type Counts = Record<'sessions' | 'working' | 'cache' | 'keys' | 'analyses' | 'preferences', bigint>;

/** Counts from PostgreSQL, after what this process has queued: what another has put in the last half second may be missing. */
export async function readStatistics(options: StatisticsOptions): Promise<MemoryStatistics> {
  const { durable, state, clock, counters } = options;
  await state.flush();
  const now = clock();
  const { rows } = await durable.query<Counts>(COUNTS, [Object.values(families), now]);
  const counts = rows[0]!;
  const reads = await counters.read();
  const { queued, oldestMs } = state.lag();
  return {
    as_of: now.toISOString(),
    sessions: { live: jsonInteger(counts.sessions), keys: jsonInteger(counts.keys) },
    working: { entries: jsonInteger(counts.working) },
    cache: { entries: jsonInteger(counts.cache) },
    analyses: jsonInteger(counts.analyses),
    preferences: jsonInteger(counts.preferences),
    reads:
      reads === undefined
        ? null
        : { session: rate(reads.session), working: rate(reads.working), cache: rate(reads.cache) },
    state: { queued, oldest_ms: oldestMs },
  };
}

function rate({ hits, misses }: Hits) {
  const reads = hits + misses;
  return { hits, misses, hit_rate: reads === 0 ? null : hits / reads };
}
