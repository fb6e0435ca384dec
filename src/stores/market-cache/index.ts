export type { JsonValue } from '../../tiers/state/index.ts';
export { copyFailures, fetchFailures } from './channels.ts';
export type { CacheAnswer, CopyReason } from './entry.ts';
export type { MarketChoice, Region } from './names.ts';
export type {
  Fetcher,
  FetchOptions,
  GetOptions,
  MarketCache,
  MarketCacheOptions,
  MarketCacheStats,
  Removed,
  SetOptions,
  Stored,
} from './options.ts';
export { createMarketCache } from './store.ts';
