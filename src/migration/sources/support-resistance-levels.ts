import { members, scalar } from '../../legacy/json-files/document.ts';
import type { Column, RawValue } from '../source.ts';
import { defineSource, float, key, time } from '../source.ts';

const levels = ['p', 'r1', 'r2', 'r3', 's1', 's2', 's3'];

/** Levels never run out: old ones are marked stale when read, and served when computing new ones fails. */
export const supportResistanceLevels = defineSource({
  id: 'support_resistance_levels',
  store: 'support-resistance',
  table: 'support_resistance_levels',
  identity: 'legacy_key',
  uniqueKey: true,
  shapes: [
    {
      table: 'support_resistance_levels',
      requires: ['symbol', 'timeframe_scope', 'computed_at_ist'],
      keyColumns: ['symbol', 'timeframe_scope'],
    },
    {
      table: 'sr_levels',
      requires: ['symbol', 'timeframe', 'levels_json', 'updated_at'],
      aliases: { timeframe: 'timeframe_scope', updated_at: 'computed_at_ist' },
      keyColumns: ['symbol', 'timeframe'],
    },
  ],
  columns: [
    key('symbol'),
    key('timeframe_scope'),
    ...levels.map((name): Column => float(name, { fallback: (get) => levelOf(get('levels_json'), name) })),
    time('computed_at_ist', { target: 'computed_at', required: true, zone: 'Asia/Kolkata' }),
  ],
});

/** A level out of the older shape's document, whose names may be in capitals. */
function levelOf(document: RawValue, name: string): RawValue {
  if (typeof document !== 'string') return null;
  const found = (members(document) ?? []).find(
    ([key]) => key.toLowerCase() === name || (name === 'p' && /^pivot$/i.test(key)),
  );
  return scalar(found?.[1]);
}
