import { members, scalar } from '../../legacy/json-files/document.ts';
import type { Adjustment, RawValue } from '../source.ts';
import { boolean, defineSource, float, integer, json, text, time } from '../source.ts';
import { MICROS_PER_MINUTE, parseTime, timeText } from '../values/time.ts';

/** The exchange's own offset: the only one by which the old writer's times can be off. */
export const INDIA_OFFSET_MINUTES = 330;
const INDIA_OFFSET_MICROS = INDIA_OFFSET_MINUTES * MICROS_PER_MINUTE;
const MAX_DELAY_MICROS = 120_000_000;
const MAX_RUN_MICROS = 5 * MICROS_PER_MINUTE;

export const aiRecommendations = defineSource({
  id: 'ai_recommendations',
  store: 'recommendations',
  table: 'ai_recommendations',
  shapes: [
    { table: 'ai_recommendations', requires: ['symbol', 'mode', 'recommendation', 'generated_at_utc'] },
  ],
  columns: [
    text('symbol', { required: true }),
    text('mode', { required: true }),
    text('universe', { required: true, fallback: () => 'UNKNOWN' }),
    text('source', { required: true, fallback: () => 'unknown' }),
    text('recommendation', { required: true }),
    text('direction', { required: true, fallback: (get) => directionOf(get('recommendation')) }),
    time('generated_at_utc', { target: 'generated_at', required: true }),
    float('entry_price'),
    float('stop_loss_price'),
    float('target_price'),
    float('score_blend'),
    text('confidence'),
    text('risk_profile'),
    text('run_id'),
    integer('rank_in_run'),
    text('policy_version'),
    json('features_json', { target: 'features' }),
    boolean('evaluated', { required: true, fallback: () => 0n }),
    time('evaluated_at_utc', { target: 'evaluated_at' }),
    float('exit_price'),
    time('exit_time_utc', { target: 'exit_time' }),
    text('exit_reason'),
    float('pnl_pct'),
    float('max_drawdown_pct'),
    float('alpha_vs_benchmark'),
    json('labels_json', { target: 'labels' }),
  ],
  adjust: (get) => provenSkew(get('generated_at_utc'), get('run_id'), get('features_json')),
  suspect: (get) => (looksSkewed(get('generated_at_utc'), get('run_id')) ? 'generated_at_utc' : null),
});

/** The old rule: SHORT when the recommendation says to sell. */
function directionOf(recommendation: RawValue): string {
  return /sell/i.test(String(recommendation)) ? 'SHORT' : 'LONG';
}

/**
 * The engine wrote naive India time and the store glued a Z on it, while the run id ends in the true UTC time at which
 * the run was stored. r = 330 min − (generated − run time) is then the run's length: the offset is proven when r exceeds
 * the length that the row itself states by 0 to 120 s, or when none is stated and r is 0 to 5 min.
 */
function provenSkew(generated: RawValue, runId: RawValue, features: RawValue): readonly Adjustment[] {
  const run = runLength(generated, runId);
  if (run === null || run.micros < 0) return [];
  const stated = statedLength(features);
  const proven =
    stated === null
      ? run.micros <= MAX_RUN_MICROS
      : run.micros >= stated && run.micros - stated <= MAX_DELAY_MICROS;
  if (!proven) return [];
  const value = timeText(run.claimedMicros - INDIA_OFFSET_MICROS);
  return [{ column: 'generated_at_utc', value, reason: 'TIMESTAMP_SKEW' }];
}

/** The run's length if the time is India's, and the time as it is claimed; null when the row does not tell. */
function runLength(generated: RawValue, runId: RawValue): { micros: number; claimedMicros: number } | null {
  if (typeof generated !== 'string' || typeof runId !== 'string') return null;
  const claimed = parseTime(generated);
  const stored = parseTime(/\d{4}-\d{2}-\d{2}T.*$/.exec(runId)?.[0] ?? '');
  if (claimed === null || stored === null || (claimed.offsetMinutes ?? 0) !== 0) return null;
  const storedMicros = stored.localMicros - (stored.offsetMinutes ?? 0) * MICROS_PER_MINUTE;
  const claimedMicros = claimed.localMicros;
  return { micros: INDIA_OFFSET_MICROS - (claimedMicros - storedMicros), claimedMicros };
}

/** Later than its run was stored by India's offset, give or take an hour: no honest time is. */
function looksSkewed(generated: RawValue, runId: RawValue): boolean {
  const run = runLength(generated, runId);
  return run !== null && Math.abs(run.micros) <= 60 * MICROS_PER_MINUTE;
}

/** `features_json.metadata.elapsed_seconds` in microseconds; null when it is not there. */
function statedLength(features: RawValue): number | null {
  if (typeof features !== 'string' || !features.includes('elapsed_seconds')) return null;
  const metadata = new Map(members(features) ?? []).get('metadata');
  const elapsed = scalar(new Map(members(metadata ?? '') ?? []).get('elapsed_seconds'));
  const seconds = typeof elapsed === 'bigint' ? Number(elapsed) : elapsed;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1_000_000 : null;
}
