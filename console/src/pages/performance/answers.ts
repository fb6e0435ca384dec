export interface Stat {
  value: number | null;
  n: number;
  median?: number | null;
}

export interface Summary {
  n: number;
  hit_rate: Stat & { interval_95: { low: number; high: number } | null };
  average_return_pct: Stat;
  median_return_pct: Stat;
  profit_factor: Stat;
  payoff: Stat;
  max_drawdown_pct: Stat;
  sharpe: Stat;
  sortino: Stat;
  alpha_pct: Stat;
  mfe_pct: Stat;
  mae_pct: Stat;
  calibration: {
    brier: Stat;
    reliability: {
      confidence: string | null;
      n: number;
      forecast: Stat;
      hit_rate: number | null;
      interval_95: { low: number; high: number } | null;
    }[];
  };
  rank_ic: Stat & { t: number | null; names: number };
}

export interface Performance {
  as_of: string | null;
  group_by: string | null;
  overall: Summary;
  equity_curve: { day: string; return_pct: number; equity: number; n: number }[];
  groups: (Summary & { key: string | null })[];
}
