import { boolean, defineSource, float, json, key, text, time } from '../source.ts';

export const pickOutcomes = defineSource({
  id: 'pick_outcomes',
  store: 'pick-log',
  table: 'pick_outcomes',
  uniqueKey: true,
  shapes: [{ table: 'pick_outcomes', requires: ['pick_uuid', 'evaluation_horizon', 'horizon_end_ts'] }],
  columns: [
    key('pick_uuid'),
    key('evaluation_horizon'),
    time('horizon_end_ts', { required: true, ahead: true }),
    float('price_close'),
    float('price_high'),
    float('price_low'),
    float('ret_close_pct'),
    float('max_runup_pct'),
    float('max_drawdown_pct'),
    text('benchmark_symbol'),
    float('benchmark_ret_pct'),
    float('ret_vs_benchmark_pct'),
    boolean('hit_target'),
    boolean('hit_stop'),
    text('outcome_label'),
    json('notes'),
  ],
  orphans: { column: 'pick_uuid', parent: 'pick_events', parentColumn: 'pick_uuid' },
});
