import type { Config } from '../../core/config.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { HotTier } from '../../tiers/hot/index.ts';
import type { RedisNodeFacts } from './redis-nodes.ts';
import type { Thresholds } from './thresholds.ts';

/** What checks look at. A tier that is away is told once, by the check of its reach; the others pass it over. */
export interface Patient {
  readonly config: Config;
  /** `unmade`: the embedded database that nobody has started yet; a look must not make one. */
  readonly durable: DurableTier | { readonly away: unknown; readonly unmade?: boolean };
  readonly hot: HotTier;
  /** Every server of Redis with its own words; empty without one, or where none answers. */
  readonly nodes: readonly RedisNodeFacts[];
  /** Why a server could not be asked. */
  readonly nodeFailures: readonly string[];
  readonly thresholds: Thresholds;
  /** Milliseconds since 1970, of this machine. */
  readonly now: () => number;
}

export function isThere(durable: Patient['durable']): durable is DurableTier {
  return !('away' in durable);
}
