import type { RedisConfig } from '../../core/config.ts';
import { StockroomError } from '../../core/errors.ts';
import { createInProcessTier } from './in-process/tier.ts';
import type { HotTier } from './port.ts';
import { type HotSettings, hotDefaults } from './settings.ts';

export interface OpenHotOptions {
  /** A URL (`redis://` or `rediss://`), or where Redis is in parts; absent: the process itself. */
  readonly redis?: RedisConfig | string | undefined;
  /** Before every key. */
  readonly keyPrefix?: string;
  /** Certificates beside those that Node.js trusts; PEM. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** What differs from `hotDefaults`. */
  readonly settings?: Partial<HotSettings>;
  /** Key families, without the prefix, of which copies are held in the process. */
  readonly tracked?: readonly string[];
}

/** The family of the entries of the two-tier cache. */
export const ENTRY_FAMILY = 'c:';

/**
 * Opens the hot tier. A Redis that is away is no error: calls reject with HOT_UNAVAILABLE until it is there, and it is connected as
 * soon as it is. Waits for the first connection, for `connectTimeoutMs` at the most.
 *
 * @throws StockroomError CONFIG_INVALID when the URL is none, or a setting cannot be used
 */
export async function openHot(options: OpenHotOptions = {}): Promise<HotTier> {
  const { redis, keyPrefix = 'stockroom:', tls, tracked = [ENTRY_FAMILY] } = options;
  const settings = { ...hotDefaults, ...options.settings };
  if (settings.timeoutMs > settings.heartbeatMs) {
    // Callers share looks that are on their way: one must not take longer than a copy is trusted.
    throw new StockroomError(
      'CONFIG_INVALID',
      `timeoutMs: expected at most heartbeatMs (${settings.heartbeatMs}), found ${settings.timeoutMs}`,
    );
  }
  if (redis === undefined) return createInProcessTier({ prefix: keyPrefix, timeoutMs: settings.timeoutMs });
  const { RedisTier } = await import('./redis/tier.ts');
  const tier = new RedisTier({
    config: typeof redis === 'string' ? { kind: 'url', url: redis } : redis,
    prefix: keyPrefix,
    tracked: tracked.map((family) => keyPrefix + family),
    settings,
    tls,
  });
  await tier.settled(settings.connectTimeoutMs);
  return tier;
}
