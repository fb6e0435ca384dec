import { StockroomError } from '../../core/errors.ts';
import { type Codec, jsonCodec } from './codec.ts';
import type { Schema } from './schema.ts';

/** How values of a namespace live. Every call may differ in what `CallOptions` names. */
export interface Policy {
  /** How long a value is fresh. */
  readonly ttlMs: number;
  /** How long null is, when it is what the factory found; as long as any other value by default. */
  readonly negativeTtlMs: number | undefined;
  /** The part of a life by which it is shortened at random, so that what was stored together does not end together. */
  readonly jitter: number;
  /** After its life a value is still given, at once, for so long, while it is made anew behind the caller's back. */
  readonly staleWhileRevalidateMs: number;
  /** After its life a value is still given for so long when making it anew fails or is too slow. */
  readonly staleIfErrorMs: number;
  /** The part of a life after which a hit makes the value anew behind the caller's back; 1: never. */
  readonly eagerRefresh: number;
  /** A caller for whom there is a stale value waits no longer for a fresh one; undefined: until `hardTimeoutMs`. */
  readonly softTimeoutMs: number | undefined;
  /** No caller waits longer for the factory. */
  readonly hardTimeoutMs: number;
  /** After a failure of the factory its error is given to whoever asks within so long. */
  readonly errorBackoffMs: number;
  /** How soon another process takes over from one that died while it made a value. */
  readonly claimMs: number;
  /** Texts that are longer are compressed; undefined: none. */
  readonly compressAboveBytes: number | undefined;
  /**
   * `freeze`: callers share one value, which cannot be changed (one that holds what cannot be frozen, a Date or a Map, is cloned).
   * `clone`: every caller gets a value of its own.
   */
  readonly isolate: 'freeze' | 'clone';
  /** Bounds of the copies in the process. 0 entries: none are kept. */
  readonly l1MaxEntries: number;
  /** Estimated, of decoded values. */
  readonly l1MaxBytes: number;
}

export const cacheDefaults: Policy = Object.freeze({
  ttlMs: 60_000,
  negativeTtlMs: undefined,
  jitter: 0.1,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  eagerRefresh: 1,
  softTimeoutMs: undefined,
  hardTimeoutMs: 30_000,
  errorBackoffMs: 200,
  claimMs: 3_000,
  compressAboveBytes: 32_768,
  isolate: 'freeze',
  l1MaxEntries: 10_000,
  l1MaxBytes: 64 * 1_048_576,
});

export interface NamespaceOptions<T> extends Partial<Policy> {
  /** What comes back is of this form, or a miss. */
  readonly schema?: Schema<T>;
  /** How values stand in Redis; JSON with dates, bigints, maps, sets and typed arrays by default. */
  readonly codec?: Codec;
}

/** What one call may decide for itself. */
export type CallOptions = Partial<
  Pick<
    Policy,
    'ttlMs' | 'staleWhileRevalidateMs' | 'staleIfErrorMs' | 'softTimeoutMs' | 'hardTimeoutMs' | 'jitter'
  >
> & {
  /** What the value depends on: `deleteByTag` of one of them ends it. */
  readonly tags?: readonly string[];
};

export interface NamespaceSettings<T> {
  readonly policy: Policy;
  readonly schema: Schema<T> | undefined;
  readonly codec: Codec;
}

const zeroAllowed = new Set([
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'errorBackoffMs',
  'compressAboveBytes',
  'l1MaxEntries',
  'jitter',
]);

/** @throws StockroomError INVALID_INPUT that names the option */
export function namespaceSettings<T>(options: NamespaceOptions<T>): NamespaceSettings<T> {
  const { schema, codec = jsonCodec, ...given } = options;
  const policy = { ...cacheDefaults, ...given };
  for (const [name, value] of Object.entries(policy)) checkOption(name, value);
  if (policy.jitter >= 1) throw invalid('jitter', 'a number from 0 to below 1', policy.jitter);
  if (policy.eagerRefresh > 1) throw invalid('eagerRefresh', 'a number above 0, to 1', policy.eagerRefresh);
  if (!/^[a-z0-9-]{1,16}$/.test(codec.id)) throw invalid('codec.id', '1 to 16 of a-z, 0-9 and -', codec.id);
  return { policy, schema, codec };
}

/** Of a call, which may give any of them. @throws StockroomError INVALID_INPUT that names the option */
export function checkOption(name: string, value: unknown): void {
  if (name === 'isolate' || name === 'tags') return;
  if (value === undefined && Object.hasOwn(cacheDefaults, name)) return;
  if (!Object.hasOwn(cacheDefaults, name)) throw invalid(name, 'an option of the cache', value);
  const zero = zeroAllowed.has(name);
  const good = typeof value === 'number' && Number.isFinite(value) && (zero ? value >= 0 : value > 0);
  if (!good) throw invalid(name, zero ? 'a number from 0 on' : 'a number above 0', value);
}

function invalid(name: string, expected: string, found: unknown): StockroomError {
  return new StockroomError('INVALID_INPUT', `${name}: expected ${expected}, found ${String(found)}`, {
    details: { option: name },
  });
}
