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

/** What a timer can wait; told to wait longer it would not wait at all. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** A hundred years: the end of such a life is a time that Redis takes. */
const LIFE_MAX_MS = 36_525 * 86_400_000;
const ENTRIES_MAX = 2 ** 24;

interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly below?: number;
  readonly whole?: true;
}

const ranges: Readonly<Record<Exclude<keyof Policy, 'isolate'>, Range>> = {
  ttlMs: { above: 0, to: LIFE_MAX_MS },
  negativeTtlMs: { above: 0, to: LIFE_MAX_MS },
  jitter: { from: 0, below: 1 },
  staleWhileRevalidateMs: { from: 0, to: LIFE_MAX_MS },
  staleIfErrorMs: { from: 0, to: LIFE_MAX_MS },
  eagerRefresh: { above: 0, to: 1 },
  softTimeoutMs: { above: 0, to: TIMER_MAX_MS },
  hardTimeoutMs: { above: 0, to: TIMER_MAX_MS },
  errorBackoffMs: { from: 0, to: TIMER_MAX_MS },
  claimMs: { above: 0, to: TIMER_MAX_MS },
  compressAboveBytes: { from: 0 },
  l1MaxEntries: { from: 0, to: ENTRIES_MAX, whole: true },
  l1MaxBytes: { from: 1, whole: true },
};

/** Of these undefined says something; for any other option it is the same as nothing. */
const canBeOff: ReadonlySet<string> = new Set(['negativeTtlMs', 'softTimeoutMs', 'compressAboveBytes']);

const callOptions: ReadonlySet<string> = new Set<keyof CallOptions>([
  'ttlMs',
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'softTimeoutMs',
  'hardTimeoutMs',
  'jitter',
  'tags',
]);

/** @throws StockroomError INVALID_INPUT that names the option */
export function namespaceSettings<T>(options: NamespaceOptions<T>): NamespaceSettings<T> {
  const { schema, codec = jsonCodec, ...given } = options;
  const policy = { ...cacheDefaults, ...checked(given) };
  if (!/^[a-z0-9-]{1,16}$/.test(codec.id)) throw invalid('codec.id', '1 to 16 of a-z, 0-9 and -', codec.id);
  return { policy, schema, codec };
}

/** @throws StockroomError INVALID_INPUT that names the option */
export function callPolicy(policy: Policy, { tags, ...given }: CallOptions): Policy {
  if (tags !== undefined) checkTags(tags);
  for (const [name, value] of Object.entries(given)) {
    if (!callOptions.has(name)) throw invalid(name, 'an option of a call', value);
  }
  return { ...policy, ...checked(given) };
}

/** @throws StockroomError INVALID_INPUT */
export function checkTags(tags: readonly unknown[]): void {
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return;
  throw invalid('tags', 'a list of texts', tags);
}

/** Those of the options that say something. */
function checked(options: Partial<Policy>): Partial<Policy> {
  const said = Object.entries(options).filter(([name, value]) => value !== undefined || canBeOff.has(name));
  for (const [name, value] of said) checkOption(name, value);
  return Object.fromEntries(said);
}

/** @throws StockroomError INVALID_INPUT that names the option */
export function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(cacheDefaults, name)) throw invalid(name, 'an option of the cache', value);
  if (name === 'isolate') {
    if (value !== 'freeze' && value !== 'clone') throw invalid(name, '"freeze" or "clone"', value);
    return;
  }
  if (value === undefined && canBeOff.has(name)) return;
  const range = ranges[name as keyof typeof ranges];
  if (typeof value !== 'number' || !within(value, range)) throw invalid(name, rangeText(range), value);
}

function within(value: number, { from = -Infinity, above = -Infinity, to, below, whole }: Range): boolean {
  const lowest = value >= from && value > above;
  const highest = value <= (to ?? Number.MAX_SAFE_INTEGER) && value < (below ?? Infinity);
  return lowest && highest && (whole !== true || Number.isInteger(value));
}

function rangeText({ from, above, to, below, whole }: Range): string {
  const lowest = above === undefined ? `from ${from}` : `above ${above}`;
  const highest = to === undefined ? (below === undefined ? '' : `, below ${below}`) : `, to ${to}`;
  return `a ${whole === true ? 'whole ' : ''}number ${lowest}${highest}`;
}

function invalid(name: string, expected: string, found: unknown): StockroomError {
  return new StockroomError('INVALID_INPUT', `${name}: expected ${expected}, found ${String(found)}`, {
    details: { option: name },
  });
}
