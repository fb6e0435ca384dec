import type { Adjustment, RawValue } from '../source.ts';
import { defineSource, json, key, text, time } from '../source.ts';
import { MICROS_PER_MINUTE, parseTime } from '../values/time.ts';

/** One policy is meant to be active: of several, the one activated last stays, the others load as retired. */
export const rlPolicies = defineSource({
  id: 'rl_policies',
  store: 'pick-log',
  table: 'rl_policies',
  uniqueKey: true,
  release: `status = 'RETIRED'`,
  shapes: [{ table: 'rl_policies', requires: ['policy_id', 'name', 'status', 'config_json'] }],
  columns: [
    key('policy_id'),
    text('name', { required: true }),
    text('description'),
    time('created_at', { required: true }),
    time('updated_at', { required: true, fallback: (get) => get('created_at') }),
    text('status', { required: true }),
    json('config_json', { target: 'config', required: true }),
    json('metrics_json', { target: 'metrics' }),
    time('activated_at'),
    time('deactivated_at'),
  ],
  prepare: (rows) => {
    let latest: { policy: string; micros: number } | null = null;
    for (const { get } of rows) {
      if (get('status') !== 'ACTIVE') continue;
      const micros = instantOf(get('activated_at'));
      if (latest === null || micros > latest.micros) latest = { policy: String(get('policy_id')), micros };
    }
    return latest?.policy ?? null;
  },
  adjust: (get, active): readonly Adjustment[] =>
    get('status') === 'ACTIVE' && get('policy_id') !== active
      ? [{ column: 'status', value: 'RETIRED', reason: 'SEVERAL_ACTIVE' }]
      : [],
});

function instantOf(value: RawValue): number {
  const time = typeof value === 'string' ? parseTime(value) : null;
  return time === null
    ? Number.NEGATIVE_INFINITY
    : time.localMicros - (time.offsetMinutes ?? 0) * MICROS_PER_MINUTE;
}
