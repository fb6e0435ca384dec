import { LegacyDatabase } from './database.ts';
import { RECOMMENDATIONS_SCHEMA } from './ddl.ts';
import { type Outcome, outcomeOf } from './outcomes.ts';
import { features } from './payload.ts';
import { dumps, float } from './python-json.ts';
import type { Random } from './random.ts';
import type { Pick, PickResult, Run } from './runs.ts';
import type { Sample } from './sample.ts';
import { indiaDate, INDIA, MINUTE, SECOND, utcWithOffset, utcWithZ } from './times.ts';

export const RECOMMENDATIONS_FILE = 'cache/ai_recommendations.db';

const COLUMNS = {
  ai_recommendations:
    'symbol mode universe source recommendation direction generated_at_utc entry_price stop_loss_price target_price ' +
    'score_blend confidence risk_profile run_id rank_in_run policy_version features_json evaluated evaluated_at_utc ' +
    'exit_price exit_time_utc exit_reason pnl_pct max_drawdown_pct alpha_vs_benchmark labels_json',
  pick_events:
    'pick_uuid symbol direction source mode signal_ts trade_date signal_price recommended_entry recommended_target ' +
    'recommended_stop time_horizon blend_score recommendation confidence regime risk_profile_bucket mode_bucket ' +
    'universe extra_context',
  pick_agent_contributions: 'pick_uuid agent_name score confidence metadata',
  pick_outcomes:
    'pick_uuid evaluation_horizon horizon_end_ts price_close price_high price_low ret_close_pct max_runup_pct ' +
    'max_drawdown_pct benchmark_symbol benchmark_ret_pct ret_vs_benchmark_pct hit_target hit_stop outcome_label notes',
  rl_policies:
    'policy_id name description created_at updated_at status config_json metrics_json activated_at deactivated_at',
} as const;

type Table = keyof typeof COLUMNS;

const BENCHMARK_PCT = 0.3;
const ORPHAN_UUID = '00000000000040008000000000000000';

/** `cache/ai_recommendations.db`: recommendations and the pick log, written run by run. */
export class RecommendationsDatabase {
  readonly db: LegacyDatabase;
  readonly #sample: Sample;
  readonly #random: Random;
  #picks = 0;
  #contributions = 0;

  constructor(sample: Sample) {
    this.#sample = sample;
    this.#random = sample.random('recommendations');
    this.db = new LegacyDatabase(sample.path(RECOMMENDATIONS_FILE), RECOMMENDATIONS_SCHEMA);
    for (const [table, columns] of Object.entries(COLUMNS)) this.db.prepare(table, columns.split(' '));
  }

  #insert(table: Table, values: Parameters<LegacyDatabase['insert']>[1]): void {
    this.db.insert(table, values);
    this.#sample.count(table, RECOMMENDATIONS_FILE, 1);
  }

  writeRun(run: Run): void {
    // Trap: a few runs were stored by a version that wrote true UTC; nothing in their rows proves an offset.
    const timeIsTrue = this.#sample.trap(run.index, 29, 7);
    for (const pick of run.picks) {
      const outcome = pick.result === null ? null : outcomeOf(pick, pick.result);
      this.#writeRecommendation(run, pick, outcome, timeIsTrue);
      this.#writeEvent(run, pick);
      for (const [agent, score] of pick.scores) this.#writeContribution(pick, agent, score);
      if (outcome !== null) this.#writeOutcome(run, pick, pick.result!, outcome);
      this.#picks += 1;
    }
  }

  #writeRecommendation(run: Run, pick: Pick, outcome: Outcome | null, timeIsTrue: boolean): void {
    const trap = (period: number, first: number): boolean => this.#sample.trap(this.#picks, period, first);
    const result = outcome === null ? null : pick.result;
    const scalped = result !== null && result.reason !== 'EOD';
    const ended = result === null ? null : scalped ? utcWithOffset(result.ended) : utcWithZ(result.ended);
    const evaluatedAt =
      result === null ? null : utcWithZ(result.ended + MINUTE + this.#random.int(0, SECOND));
    this.#insert('ai_recommendations', [
      pick.symbol,
      run.mode,
      run.universe.toUpperCase(),
      'top_picks_scheduler',
      pick.recommendation,
      pick.direction,
      // The lie: India's wall clock with UTC's Z. The run id beside it ends in the true time.
      utcWithZ(timeIsTrue ? run.generated : run.generated + INDIA),
      pick.price,
      pick.hasExitStrategy ? pick.stop : null,
      // Trap: an empty string where NULL was meant.
      trap(250, 11) ? '' : pick.hasExitStrategy ? pick.target : null,
      pick.scoreBlend,
      pick.confidence,
      null,
      run.runId,
      pick.rank,
      '1.0',
      features(run, pick, trap(300, 41)),
      result === null ? 0 : 1,
      evaluatedAt ?? (trap(97, 4) ? '' : null),
      result?.close ?? null,
      ended,
      result?.reason ?? null,
      outcome?.returnPct ?? null,
      scalped ? null : (outcome?.drawdownPct ?? null),
      scalped || outcome === null ? null : outcome.returnPct - BENCHMARK_PCT,
      scalped || outcome === null
        ? null
        : dumps({ outcome: outcome.label, hit_target: outcome.hitTarget === 1 }),
    ]);
  }

  #writeEvent(run: Run, pick: Pick): void {
    this.#insert('pick_events', [
      pick.uuid,
      pick.symbol,
      pick.direction,
      'TOP_PICKS',
      run.mode,
      utcWithZ(run.generated),
      indiaDate(run.generated),
      pick.price,
      pick.price,
      pick.target,
      pick.stop,
      null,
      pick.blendScore,
      pick.recommendation,
      pick.confidence,
      null,
      null,
      null,
      run.universe,
      dumps({ rank: pick.rank, rr: pick.riskReward === null ? null : float(pick.riskReward) }),
    ]);
  }

  #writeContribution(pick: Pick, agent: string, score: number): void {
    const index = this.#contributions;
    this.#contributions += 1;
    const weight = this.#sample.trap(index, 400, 120) ? Number.NaN : this.#random.decimal(0, 1, 3);
    const rest = [agent, score, pick.confidence, dumps({ w: float(weight) })];
    this.#insert('pick_agent_contributions', [pick.uuid, ...rest]);
    // Trap: the pick of this contribution was deleted; the table has no foreign key.
    if (this.#sample.trap(index, 2000, 99)) this.#insert('pick_agent_contributions', [ORPHAN_UUID, ...rest]);
  }

  #writeOutcome(run: Run, pick: Pick, result: PickResult, outcome: Outcome): void {
    const scalped = run.mode === 'Scalping';
    const capture = outcome.capture === null ? null : float(outcome.capture);
    this.#insert('pick_outcomes', [
      pick.uuid,
      scalped ? 'SCALPING' : 'EOD',
      utcWithZ(result.ended),
      result.close,
      result.high,
      result.low,
      outcome.returnPct,
      outcome.runupPct,
      outcome.drawdownPct,
      scalped ? null : 'NIFTY',
      scalped ? null : BENCHMARK_PCT,
      scalped ? null : outcome.returnPct - BENCHMARK_PCT,
      outcome.hitTarget,
      outcome.hitStop,
      outcome.label,
      dumps(scalped ? { exit_reason: result.reason, capture_ratio: capture } : { capture_ratio: capture }),
    ]);
  }

  /** A few policies; with traps on, two of them ACTIVE at once, as the old application allowed. */
  writePolicies(): void {
    const { now, traps } = this.#sample.settings;
    const statuses = ['RETIRED', traps ? 'ACTIVE' : 'RETIRED', 'ACTIVE', 'DRAFT'] as const;
    for (const [index, status] of statuses.entries()) {
      const created = now - (40 - index) * 24 * 60 * MINUTE + this.#random.int(0, SECOND);
      const activated = status === 'DRAFT' ? null : utcWithZ(created + 90 * MINUTE);
      const retired = status === 'RETIRED' ? utcWithZ(created + 600 * MINUTE) : null;
      const modes = ['Scalping', 'Intraday', 'Swing', 'Options', 'Futures'].map((mode) => [
        mode,
        { eps: float(this.#random.next()) },
      ]);
      this.#insert('rl_policies', [
        this.#random.uuidHex(),
        `policy-${index}`,
        null,
        utcWithZ(created),
        retired ?? activated ?? utcWithZ(created),
        status,
        dumps({ modes: Object.fromEntries(modes) }),
        status === 'RETIRED'
          ? dumps({ hit_rate: float(this.#random.decimal(40, 70, 2)), trades: 120 })
          : null,
        activated,
        retired,
      ]);
    }
  }
}
