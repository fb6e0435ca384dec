import { LegacyDatabase } from './database.ts';
import { TOP_PICKS_SCHEMA } from './ddl.ts';
import { type Candle, dailyCandles } from './market.ts';
import { runPayload } from './payload.ts';
import { dumps } from './python-json.ts';
import type { Run } from './runs.ts';
import type { Sample } from './sample.ts';
import { indiaWithOffset, MINUTE, naiveUtc } from './times.ts';

export const TOP_PICKS_FILE = 'cache/top_picks_runs.db';

/** Sessions behind the levels of each scope: a year, a month, a week, a day. */
const SCOPES = { Y: 252, M: 22, W: 5, D: 1 } as const;

/** Floor pivots. */
function pivots(sessions: readonly Candle[]): number[] {
  const high = Math.max(...sessions.map((candle) => candle.high));
  const low = Math.min(...sessions.map((candle) => candle.low));
  const p = (high + low + sessions.at(-1)!.close) / 3;
  return [
    p,
    2 * p - low,
    p + (high - low),
    high + 2 * (p - low),
    2 * p - high,
    p - (high - low),
    low - 2 * (high - p),
  ];
}

/** `cache/top_picks_runs.db`: the runs, and the support and resistance levels that live in the same file. */
export class TopPicksDatabase {
  readonly db: LegacyDatabase;
  readonly #sample: Sample;

  constructor(sample: Sample) {
    this.#sample = sample;
    this.db = new LegacyDatabase(sample.path(TOP_PICKS_FILE), TOP_PICKS_SCHEMA);
    const runs =
      'run_id universe mode generated_at_utc trigger total_analyzed filtered_count picks_count elapsed_sec payload';
    this.db.prepare('top_picks_runs', runs.split(' '));
    const levels = 'symbol timeframe_scope p r1 r2 r3 s1 s2 s3 computed_at_ist';
    this.db.prepare('support_resistance_levels', levels.split(' '));
  }

  writeRun(run: Run): void {
    this.#insertRun(run, run.trigger);
    // Trap: a run that was stored again by hand; run_id is not unique.
    if (this.#sample.trap(run.index, 50, 20)) this.#insertRun(run, 'manual');
  }

  #insertRun(run: Run, trigger: string): void {
    this.db.insert('top_picks_runs', [
      run.runId,
      run.universe,
      run.mode,
      naiveUtc(run.generated),
      trigger,
      run.analyzed,
      run.filtered,
      run.picks.length,
      run.elapsedSeconds,
      dumps(runPayload(run)),
    ]);
    this.#sample.count('top_picks_runs', TOP_PICKS_FILE, 1);
  }

  /** Levels that were computed a few minutes ago from the daily candles of the price history. */
  writeLevels(): void {
    const { now, symbols } = this.#sample.settings;
    const random = this.#sample.random('levels');
    for (const symbol of symbols) {
      const sessions = dailyCandles(this.#sample.settings, symbol);
      for (const [scope, days] of Object.entries(SCOPES)) {
        const computed = now - 20 * MINUTE + random.int(0, MINUTE);
        this.db.insert('support_resistance_levels', [
          symbol,
          scope,
          ...pivots(sessions.slice(-days)),
          indiaWithOffset(computed),
        ]);
        this.#sample.count('support_resistance_levels', TOP_PICKS_FILE, 1);
      }
    }
  }
}
