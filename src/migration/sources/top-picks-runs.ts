import { elements, members } from '../../legacy/json-files/document.ts';
import type { RawValue } from '../source.ts';
import { defineSource, float, integer, json, text, time } from '../source.ts';

export const topPicksRuns = defineSource({
  id: 'top_picks_runs',
  store: 'top-picks',
  table: 'top_picks_runs',
  shapes: [
    { table: 'top_picks_runs', requires: ['run_id', 'universe', 'mode', 'generated_at_utc', 'payload'] },
    {
      table: 'top_picks_runs',
      requires: ['run_id', 'universe', 'mode', 'picks_json'],
      aliases: { picks_json: 'payload', created_at: 'generated_at_utc' },
    },
  ],
  columns: [
    text('run_id', { required: true }),
    text('universe', { required: true }),
    text('mode', { required: true }),
    time('generated_at_utc', { target: 'generated_at', required: true }),
    text('trigger'),
    integer('total_analyzed'),
    integer('filtered_count'),
    integer('picks_count', { fallback: (get) => countPicks(get('payload')) }),
    float('elapsed_sec'),
    json('payload', { required: true }),
  ],
});

/** How many picks a payload holds: a list of them, or an object with `picks` or `items`; null when it is neither. */
export function countPicks(payload: RawValue): RawValue {
  if (typeof payload !== 'string') return null;
  const found = new Map(members(payload) ?? []);
  const list = elements(found.get('picks') ?? found.get('items') ?? payload);
  return list === null ? null : BigInt(list.length);
}
