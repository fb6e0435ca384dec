import type { RedisServer } from '../../core/server-figures.ts';

/**
 * What the hot tier does, in the terms of what it is for. Every operation is one command or one script on Redis and one
 * synchronous step in the process, so none is ever seen half done.
 *
 * Keys are full names, prefix included: see `keys.ts`. Times of the clock are milliseconds since 1970, lives are
 * milliseconds. Any key may be gone at any time: Redis evicts, restarts and fails over. Every call is bounded by
 * `timeoutMs` of the tier and rejects with a StockroomError:
 * - HOT_UNAVAILABLE: not connected, or the breaker is open. The call was not sent.
 * - HOT_TIMEOUT: no answer in time, or the connection broke. A write may or may not have happened, and may happen later, but
 *   never after a later call of this process about the same key was answered (a server that was slow is told to forget the old
 *   connection before the new one is used; a user without the right to CLIENT KILL has no such bound). An entry that is written
 *   so late is removed right behind.
 * - HOT_REFUSED: Redis answered with an error (out of memory, no permission). Nothing was changed.
 */
export interface HotTier {
  readonly kind: 'redis' | 'in-process';
  readonly topology: 'standalone' | 'cluster' | 'sentinel' | 'in-process';
  /** Where it is, for people; never with a password. */
  readonly location: string;
  /** Before every key. */
  readonly prefix: string;
  /** The bound on a call. */
  readonly timeoutMs: number;

  readonly entries: Entries;
  readonly projections: Projections;
  readonly rankings: Rankings;
  readonly sessions: Sessions;
  readonly states: States;
  readonly leases: Leases;
  readonly quotas: Quotas;
  readonly statistics: Statistics;
  readonly coherence: Coherence;

  /** Keys of a prefix (a full name), in no order; a key that stays during the whole scan is given at least once. */
  scan(prefix: string, cursor?: string): Promise<ScanPage>;
  /**
   * What stands at a key, of whatever kind and whoever wrote it, for people to see. It is no use of the key: nothing lives longer or
   * counts as a hit for it. @returns undefined when nothing does
   */
  look(key: string, bounds: LookBounds): Promise<KeyLook | undefined>;
  /** Round trip and version, from every node. */
  ping(): Promise<{ latencyMs: number; version: string }>;
  /** Figures of the servers behind it, summed over them. */
  info(): Promise<HotInfo>;
  /** What each server that holds keys says of itself, in no order; none in the process. Never rejects. */
  servers(): Promise<readonly RedisServer[]>;
  /** What is known without asking. */
  state(): HotState;
  close(): Promise<void>;
}

export const MARK_LIFE_MS = 30 * 86_400_000;

/** A copy of something that can be made again. Whoever fills one after a look elsewhere does it under a claim. */
export interface Entries {
  read(key: string): Promise<Entry | undefined>;
  /** In the order of the keys. */
  readMany(keys: readonly string[]): Promise<(Entry | undefined)[]>;
  /** Whatever stands there. Claims of others end with it: what they fill later is refused. @returns the version */
  write(key: string, body: string, expiresAtMs: number, by?: Feed): Promise<string>;
  /** As many writes. @returns for each whether it was acknowledged; the others may or may not have happened */
  writeMany(writes: readonly EntryWrite[], by?: Feed): Promise<boolean[]>;
  /** Removes entries, marks and claims, in no order: who needs one waits in between. */
  drop(keys: readonly string[], by?: Feed): Promise<void>;
  /**
   * Claims the place of an entry that is not there, for whoever is about to make it.
   * @returns the claim, or what stands there instead: an entry, or a claim of somebody else
   */
  claim(key: string, lifeMs: number, by?: Feed): Promise<Claim | Entry>;
  /** Makes a claim live on. @returns false when it is gone: written over, dropped, evicted or expired */
  extend(key: string, claim: string, lifeMs: number): Promise<boolean>;
  /** Ends a claim; with `afterMs` that much later, so that nobody tries again before. */
  unclaim(key: string, claim: string, afterMs?: number, by?: Feed): Promise<void>;
  /**
   * Writes only while `expected` stands there: the version of a claim or of the entry that was read. So what was looked
   * up before somebody else's write can never cover that write. @returns whether it was written
   */
  fill(key: string, expected: string, body: string, expiresAtMs: number, by?: Feed): Promise<boolean>;
  /**
   * The version of a mark, made when there is none. Entries note the versions of the marks they depend on (their
   * namespace, their tags); dropping a mark makes all of them invalid at once. It lives for `MARK_LIFE_MS`; what is older is
   * invalid too.
   */
  mark(key: string): Promise<string>;
}

export interface EntryWrite {
  readonly key: string;
  readonly body: string;
  readonly expiresAtMs: number;
}

/**
 * What stands at a key. Versions are unique: one never comes back. What an earlier incarnation of the server wrote (it
 * restarted from a snapshot, or a replica took over that may lack the newest writes) is not believed and not given.
 */
export type Entry =
  | { readonly kind: 'value'; readonly version: string; readonly body: string }
  | { readonly kind: 'claim'; readonly version: string };

export interface Claim {
  readonly kind: 'claimed';
  readonly version: string;
}

/**
 * A view of rows in PostgreSQL, in the form that its store gives it. It moves only where it stands; where it is
 * gone it is built from PostgreSQL: `begin`, read there, `replace`. A move in between refuses the replacement, since the rows
 * read may lack it. What an earlier incarnation of the server holds (a snapshot, a replica) is not there.
 */
export interface Projections {
  read(key: string): Promise<ProjectionContent | undefined>;
  /** @returns false when the projection is not there: it has to be built */
  apply(key: string, change: ProjectionChange): Promise<boolean>;
  /** Announces a build. @returns its epoch; a later `begin` of anybody ends it */
  begin(key: string, lifeMs: number): Promise<string>;
  /** @returns false when the epoch is over: begin again */
  replace(
    key: string,
    epoch: string,
    content: ProjectionContent,
    expiresAtMs: number | undefined,
  ): Promise<boolean>;
  /**
   * Writes projections of rows that were never there before, as they were committed. Where something stands or is being built it
   * stays: that is newer.
   */
  place(placed: readonly Placed[], expiresAtMs: number | undefined): Promise<void>;
  drop(key: string): Promise<void>;
}

export interface Placed {
  readonly key: string;
  readonly content: ProjectionContent;
}

export type ProjectionContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hash'; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'set'; readonly members: readonly string[] }
  | { readonly kind: 'ranking'; readonly members: readonly Ranked[] };

/** Applied as one; a change of another kind than the projection is refused (HOT_REFUSED). */
export interface ProjectionChange {
  /** Fields of a hash. */
  readonly set?: Readonly<Record<string, string>>;
  /** Members of a set. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Members by their score. */
export interface Rankings {
  /**
   * Adds or moves members and keeps the `keep` highest (absent: all).
   * @returns false when `onlyIfThere` and there is none
   */
  put(key: string, members: readonly Ranked[], options?: RankingPut): Promise<boolean>;
  /** The highest scores first (or the lowest), those of equal score by id in the same direction. */
  top(key: string, count: number, order?: 'highest' | 'lowest'): Promise<Ranked[]>;
  remove(key: string, ids: readonly string[]): Promise<void>;
}

export interface Ranked {
  readonly id: string;
  /** A finite double. */
  readonly score: number;
}

export interface RankingPut {
  readonly keep?: number;
  readonly expiresAtMs?: number;
  readonly onlyIfThere?: boolean;
}

/** Fields that live as long as somebody touches them: every call below with a life gives the whole session that life. */
export interface Sessions {
  put(key: string, fields: Readonly<Record<string, string>>, lifeMs: number): Promise<void>;
  get(key: string, field: string, lifeMs?: number): Promise<string | undefined>;
  all(key: string, lifeMs?: number): Promise<Record<string, string>>;
  remove(key: string, fields: readonly string[]): Promise<void>;
  /** @returns false when there is no such session */
  touch(key: string, lifeMs: number): Promise<boolean>;
  end(key: string): Promise<void>;
}

/**
 * State that is written here first and to its home, PostgreSQL, behind. Whoever writes brings the version, made before the call:
 * so a write that happens late is still an old one. What stands here only moves to higher versions.
 */
export interface States {
  read(key: string): Promise<Standing | undefined>;
  /** Writes unless the same or a higher version stands there, or did in an earlier life of the server. */
  put(key: string, content: StateContent): Promise<StatePut>;
  /**
   * Claims the place of a state that is not there, for whoever is about to look it up.
   * @returns the claim, or what stands there instead
   */
  claim(key: string, lifeMs: number): Promise<Claim | Standing>;
  /**
   * Writes only while `expected` stands there: the version of a claim, or the token of what was read. So what was looked up
   * before somebody else's write can never cover that write. @returns whether it was written
   */
  fill(key: string, expected: string, content: StateContent): Promise<boolean>;
  /**
   * Lengthens a life, never shortens it, and leaves the version.
   * @param expiresAtMs undefined: for ever
   * @returns the state; undefined when no value stands there, its time is over at `nowMs`, or it is not believed
   */
  touch(key: string, nowMs: number, expiresAtMs: number | undefined): Promise<StandingState | undefined>;
  /**
   * After a version was written to PostgreSQL: drops what is older here, claims too.
   * @param confirmedAtMs noted with that very version; undefined: PostgreSQL has another instead, so it is dropped as well
   */
  settle(key: string, version: number, confirmedAtMs: number | undefined): Promise<void>;
}

export interface StateContent {
  /** A deletion stands there for a while, so that nothing older comes back. */
  readonly kind: 'value' | 'deleted';
  /** A whole number from 0 to `Number.MAX_SAFE_INTEGER`. */
  readonly version: number;
  /** Empty of a deletion. */
  readonly body: string;
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** When PostgreSQL was last known to have this version; 0: not yet. */
  readonly confirmedAtMs: number;
}

export interface StandingState extends StateContent {
  /** Of exactly this: another one once anything of it changes. */
  readonly token: string;
  /** False: an earlier incarnation of the server wrote it, and newer ones may be lost. PostgreSQL has to be asked. */
  readonly believed: boolean;
}

export type Standing = StandingState | { readonly kind: 'claim' };

export interface StatePut {
  readonly written: boolean;
  /** What stood there before, without its body. */
  readonly before: Standing | undefined;
}

/**
 * The right to do something alone, for a while. It saves work and is no lock: the holder may lose it without noticing.
 */
export interface Leases {
  /** @returns undefined while somebody else holds it */
  acquire(key: string, lifeMs: number): Promise<Lease | undefined>;
  /** @returns false when it is somebody else's by now, or nobody's */
  renew(lease: Lease, lifeMs: number): Promise<boolean>;
  release(lease: Lease): Promise<boolean>;
}

export interface Lease {
  readonly key: string;
  /** Unique. */
  readonly token: string;
  /**
   * Rises from one holder to the next as long as the server's clock does: microseconds of it. Advisory; a fencing token to
   * rely on comes from PostgreSQL.
   */
  readonly fence: number;
}

export interface Quotas {
  /**
   * Takes `cost` out of a bucket that holds `limit` and fills up evenly in `windowMs` (the generic cell rate algorithm), by
   * the server's clock.
   */
  take(key: string, quota: Quota): Promise<QuotaAnswer>;
}

export interface Quota {
  readonly limit: number;
  readonly windowMs: number;
  /** 1 by default; one above the limit is never allowed. */
  readonly cost?: number;
}

export interface QuotaAnswer {
  readonly allowed: boolean;
  /** What is left, whole. */
  readonly remaining: number;
  /** When the same cost would be allowed; 0 when it was, Infinity when it never will be. */
  readonly retryAfterMs: number;
  /** When the bucket is full again. */
  readonly resetMs: number;
}

/** Counters that may be lost: hits and misses. */
export interface Statistics {
  count(key: string, increments: Readonly<Record<string, number>>): Promise<void>;
  counts(key: string): Promise<Record<string, number>>;
}

/**
 * How copies in the process are kept true. Redis tells of every write under the tracked prefixes, of any client in any
 * language, on the connection that also carries our PINGs. So when a PING is answered, every write before it was told.
 */
export interface Coherence {
  /** How writes of others are learnt: `messages` knows only of writers that use Stockroom. */
  readonly mode: 'tracking' | 'messages' | 'in-process';
  /** A copy made earlier may be used until this time of `performance.now()`; 0 while the stream is down. */
  readonly trustedUntil: number;
  /** The bound on `trustedUntil`: no copy is used longer after a write was acknowledged. */
  readonly heartbeatMs: number;
  subscribe(listener: FeedListener): Feed;
}

export interface FeedListener {
  /**
   * An entry or mark was written, dropped, evicted or has expired. Not told to the feed that did it, except (Redis does not
   * know who ran a script) of its own fills. `messages` tells of no eviction and no expiry.
   */
  invalidated(key: string): void;
  /** The stream had a hole: nothing from before may be used. */
  gap(): void;
}

export interface Feed {
  close(): void;
}

export interface ScanPage {
  readonly keys: string[];
  /** Absent: the scan is complete. */
  readonly cursor: string | undefined;
}

/** How much of a value is given. */
export interface LookBounds {
  readonly maxItems: number;
  /** Of each text, in characters (Redis: bytes). */
  readonly maxTextLength: number;
  /** Of a value with items that is larger than this, none is given: to read them would hold up the server. */
  readonly maxBytes: number;
}

export interface KeyLook {
  /** As Redis calls it: string, hash, set, zset, list, stream. */
  readonly type: string;
  /** Absent: until it is removed or evicted. */
  readonly lifeMs: number | undefined;
  /** Of memory; an estimate. Absent: the server does not say. */
  readonly bytes: number | undefined;
  /** Characters of a string (Redis: bytes), else fields or members. */
  readonly length: number;
  /** Absent: of a kind that Stockroom does not keep, or larger than it is read. */
  readonly content: ProjectionContent | undefined;
  /** False: there is more than was given. */
  readonly complete: boolean;
}

export interface HotState {
  readonly state: 'up' | 'down';
  readonly breaker: BreakerState;
  readonly nodes: readonly {
    readonly location: string;
    readonly connected: boolean;
    readonly breaker: BreakerState;
  }[];
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface HotInfo {
  readonly version: string;
  readonly keys: number;
  readonly memoryBytes: number;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  readonly evictionPolicy: string;
  readonly evictedKeys: number;
  readonly hits: number;
  readonly misses: number;
  readonly clients: number;
}
