/** A chunk of candles of a series: see sql/000009_price_history.sql. */
export interface PriceCandlesTable {
  symbol: string;
  /** The one name of an interval: `1d`, never `day`. */
  interval: string;
  source: string;
  /** `2026`, `2026-11` or `2026-11-20`. */
  chunk: string;
  candles: unknown;
  candle_count: number;
  revision: bigint;
  updated_at: string;
}

export interface PriceCoverageTable {
  symbol: string;
  interval: string;
  source: string;
  from_ts: string;
  to_ts: string;
  fetched_at: string;
  /** Null: its sessions are closed. */
  expires_at: string | null;
}

/** What the migration loaded, and nobody changes: one row a cached answer of the old provider. */
export interface PriceHistoryTable {
  id: bigint;
  symbol: string;
  /** As the old provider named it: `1d` or `day`, `60minute`, … */
  interval: string;
  source: string;
  from_date: string | null;
  to_date: string | null;
  cached_at: string | null;
  expires_at: string | null;
  row_count: bigint;
  /** A list of {time, open, high, low, close, volume}, as it was in the file. */
  candles: unknown;
  legacy_source: string | null;
}

export interface PriceHistoryImportsTable {
  history_id: bigint;
  version: string;
  skipped: number;
  imported_at: string;
}

export interface PriceHistoryDatabase {
  price_candles: PriceCandlesTable;
  price_coverage: PriceCoverageTable;
  price_history: PriceHistoryTable;
  price_history_imports: PriceHistoryImportsTable;
}
