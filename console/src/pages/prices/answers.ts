import type { Candle } from '../../charts/candle-chart.tsx';

interface Range {
  from: string;
  to: string;
}

export interface Prices {
  symbol: string;
  interval: string;
  source: string;
  candles: Candle[];
  coverage: Range[];
  gaps: Range[];
  fetched: number;
  stale: boolean;
  error?: string;
  as_of: string;
}

export type LevelName = 'p' | 'r1' | 'r2' | 'r3' | 'r4' | 's1' | 's2' | 's3' | 's4';

export type Levels = Record<LevelName, number | null> & {
  symbol: string;
  timeframe_scope: string;
  method: string;
  computed_at: string;
  sessions: number | null;
  last_session: string | null;
  stale: boolean;
  stale_reason: string | null;
};

export interface PriceStats {
  series: number;
  symbols: number;
  chunks: number;
  candles: number;
  bytes: number;
  ranges: number;
  waiting: number;
  hits: number | null;
  misses: number | null;
  writes: number | null;
  hit_rate: number | null;
  as_of: string;
}
