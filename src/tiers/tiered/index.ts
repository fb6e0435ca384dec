export {
  cacheActivity,
  type CacheActivity,
  type CacheCounts,
  cacheFactory,
  type CacheFactoryRun,
  cacheStaleness,
  type CacheStaleness,
} from '../../core/cache-diagnostics.ts';
export { StockroomError } from '../../core/errors.ts';
export { hotDefaults, openHot, type HotSettings, type HotTier, type OpenHotOptions } from '../hot/index.ts';
export { type Canary, type CanaryOptions, startCanary } from './canary.ts';
export type { Cache } from './cache.ts';
export { type Codec, jsonCodec } from './codec.ts';
export type { Factory, FactoryContext, ManyContext, ManyFactory } from './factories.ts';
export { type CacheManager, createCache } from './manager.ts';
export { cacheDefaults, type CallOptions, type NamespaceOptions, type Policy } from './policy.ts';
export type { Schema } from './schema.ts';
