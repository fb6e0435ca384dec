export interface RunHead {
  id: number | string;
  run_id: string;
  universe: string;
  mode: string;
  generated_at: string;
  trigger: string | null;
  total_analyzed: number | null;
  filtered_count: number | null;
  picks_count: number;
  elapsed_sec: number | null;
}

/** A universe and mode of which there is a run; `latest` is the newest that picked anything. */
export interface Universe {
  universe: string;
  mode: string;
  latest: RunHead | null;
}

export interface Run extends RunHead {
  payload: unknown;
}

export interface Latest extends RunHead {
  items: unknown[];
}

/** A pick as an engine gave it: every field of it may be missing, since payloads are kept as they came. */
export interface Pick {
  rank: number | null;
  symbol: string;
  recommendation: string | null;
  confidence: string | null;
  score: number | null;
  price: number | null;
  target: number | null;
  stop: number | null;
  reward: number | null;
  reasoning: string | null;
  signals: string[];
  agents: { name: string; score: number }[];
}

export interface AgentGroup {
  key: string | null;
  n: number;
  hit_rate: { value: number | null; n: number; interval_95: { low: number; high: number } | null };
  average_return_pct: { value: number | null };
}

export interface LoggedPick {
  pick_uuid: string;
  symbol: string;
  signal_ts: string;
  contributions: { agent_name: string; score: number | null; confidence: string | null; metadata: unknown }[];
}
