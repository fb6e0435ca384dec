/** What the property test knows of the old tables and of ours, written down apart from the code that it tests. */
export type Kind = 'text' | 'key' | 'float' | 'integer' | 'money' | 'time' | 'date' | 'boolean' | 'json';

export interface TestColumn {
  /** Name in the old table. */
  name: string;
  /** Name in PostgreSQL. */
  target: string;
  kind: Kind;
  required: boolean;
}

export interface TestTable {
  name: string;
  columns: TestColumn[];
  /** Known by its integer id, or by the text of these columns. */
  keyColumns: string[] | null;
  /** Columns that no two loaded rows may share. */
  unique: string[];
  /** Zone of its times that state no offset. */
  zone: 'UTC' | 'Asia/Kolkata';
}

/** `name>target:kind!` for each column; `!` where a value must be there. */
function columns(spec: string): TestColumn[] {
  return spec
    .trim()
    .split(/\s+/)
    .map((one) => {
      const [, name, target, kind, required] = /^(\w+)(?:>(\w+))?:(\w+)(!?)$/.exec(one)!;
      return { name: name!, target: target ?? name!, kind: kind as Kind, required: required === '!' };
    });
}

/** Columns that Stockroom does not know; one has a name that needs quoting. */
export const EXTRAS = ['x_any', 'Größe "2"'];

export const tables: readonly TestTable[] = [
  {
    name: 'llm_requests',
    columns: columns('model:text! tokens_input:integer tokens_output:integer cost_usd:money created_at:time'),
    keyColumns: null,
    unique: [],
    zone: 'UTC',
  },
  {
    name: 'ai_recommendations',
    columns: columns(`
      symbol:text! mode:text! universe:text! source:text! recommendation:text! direction:text!
      generated_at_utc>generated_at:time! entry_price:float stop_loss_price:float target_price:float score_blend:float
      confidence:text risk_profile:text run_id:text rank_in_run:integer policy_version:text features_json>features:json
      evaluated:boolean! evaluated_at_utc>evaluated_at:time exit_price:float exit_time_utc>exit_time:time
      exit_reason:text pnl_pct:float max_drawdown_pct:float alpha_vs_benchmark:float labels_json>labels:json`),
    keyColumns: null,
    unique: [],
    zone: 'UTC',
  },
  {
    name: 'pick_events',
    columns: columns(`
      pick_uuid:key! symbol:text! direction:text! source:text! mode:text! signal_ts:time! trade_date:date!
      signal_price:float! recommended_entry:float recommended_target:float recommended_stop:float time_horizon:text
      blend_score:float recommendation:text confidence:text regime:text risk_profile_bucket:text mode_bucket:text
      universe:text extra_context:json`),
    keyColumns: null,
    unique: ['pick_uuid'],
    zone: 'UTC',
  },
  {
    name: 'support_resistance_levels',
    columns: columns(`
      symbol:key! timeframe_scope:key! p:float r1:float r2:float r3:float s1:float s2:float s3:float
      computed_at_ist>computed_at:time!`),
    keyColumns: ['symbol', 'timeframe_scope'],
    unique: ['symbol', 'timeframe_scope', 'computed_at_ist'],
    zone: 'Asia/Kolkata',
  },
];
