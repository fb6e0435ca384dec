import { StockroomError } from '../../core/errors.ts';
import { pause } from '../../core/wait.ts';
import type { Lease } from '../hot/index.ts';
import { isHotError } from '../hot/index.ts';
import { type Copy, isFallback } from './l1.ts';
import type { Found, Ground, Made, Making } from './ground.ts';
import type { Policy } from './policy.ts';

/** While another process makes the value it is looked at again after so long, if its invalidation does not come first. */
const LOOK_AGAIN_MS = 100;

/** What somebody holds while it makes the value: the place of the entry, or the right to replace one that stands. */
type Hold =
  | { readonly kind: 'claim'; readonly expected: string }
  | { readonly kind: 'lease'; readonly expected: string; readonly lease: Lease };

/**
 * One value on its way, for all in this process who wait for it: looked up in Redis, or made by the factory while nobody else does,
 * in this process or another. Settles once; goes on behind the callers' back where they got a stale value.
 */
export class Flight<T> {
  readonly promise: Promise<Copy>;
  /** Of `performance.now()`. */
  readonly startedAt = performance.now();
  readonly hardTimeoutMs: number;
  /** Resolves when nothing is left to do. Never rejects. */
  readonly done: Promise<void>;
  readonly #ground: Ground<T>;
  readonly #making: Making<T>;
  #resolve: (copy: Copy) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #settled = false;
  /** Somebody was given a stale value: what is made now is for those who come later. */
  #answered = false;
  /** Somebody wrote since it was looked up: the value may be given to who asked before, and is kept nowhere. */
  #overtaken = false;
  /** The factory was called. */
  #began = false;
  #wake: (() => void) | undefined;
  #fallback: Copy | undefined;
  readonly #abort: AbortController;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(ground: Ground<T>, making: Making<T>) {
    this.#ground = ground;
    this.#making = making;
    this.#abort = making.abort;
    this.hardTimeoutMs = making.policy.hardTimeoutMs;
    this.#fallback = making.fallback;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#answered = making.refresh;
    // Where nobody waits the failure is told by its channel.
    this.promise.catch(() => undefined);
    this.#bound(this.hardTimeoutMs, () => this.#tooLate());
    this.#boundFallback();
    this.done = this.#run().then(
      () => this.#end(),
      (error: unknown) => {
        this.#fail(error);
        this.#end();
      },
    );
  }

  /** Somebody else wrote the key. @returns whether callers may still join */
  overtaken(): boolean {
    if (this.#wake !== undefined) {
      this.#wake();
      return true;
    }
    this.abandon();
    return false;
  }

  /** Another flight takes its place: what it finds is for those who wait for it already. */
  abandon(): void {
    this.#overtaken = true;
  }

  /** For a caller who comes later, and does not wait longer than its own policy says. */
  join({ hardTimeoutMs }: Policy): Promise<Copy> {
    const endsAt = this.startedAt + this.hardTimeoutMs;
    if (performance.now() + hardTimeoutMs >= endsAt) return this.promise;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#timeout(hardTimeoutMs)), hardTimeoutMs);
      void this.promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async #run(): Promise<void> {
    let found = await this.#making.firstLook();
    for (;;) {
      if (this.#abort.signal.aborted) return;
      if (found.kind === 'unreachable') return this.#make(undefined);
      if (found.kind === 'value' && this.#take(found)) return;
      const hold = await this.#hold(found);
      if (hold === 'unreachable') return this.#make(undefined);
      if (typeof hold === 'object') return this.#make(hold);
      if (hold === 'others') {
        if (this.#answered) return;
        this.#making.decided();
        await this.#wait();
      }
      found = await this.#ground.lookup(this.#making.key);
    }
  }

  /** @returns whether that is all that was wanted */
  #take(found: Extract<Found, { kind: 'value' }>): boolean {
    const now = performance.now();
    const { copy } = found;
    const fresh = now < copy.freshUntil && !(this.#making.refresh && now >= copy.refreshFrom);
    if (fresh) {
      if (!this.#answered) this.#ground.counts.l2Hits += 1;
      this.#settle(copy);
      return true;
    }
    const { staleWhileRevalidateMs } = this.#making.policy;
    this.#fallback = copy;
    this.#boundFallback();
    if (now < copy.freshUntil + staleWhileRevalidateMs) this.#settleStale(copy);
    return false;
  }

  /** @returns `others`: somebody else makes it; `again`: it was made or written since it was looked up */
  async #hold(found: Found): Promise<Hold | 'unreachable' | 'others' | 'again'> {
    const { hot, fullKey, counts } = this.#ground;
    const { key, policy } = this.#making;
    try {
      if (found.kind === 'none') {
        const claim = await hot.entries.claim(fullKey(key), policy.claimMs, this.#ground.feed);
        if (claim.kind === 'claimed') return { kind: 'claim', expected: claim.version };
        return claim.kind === 'claim' ? 'others' : 'again';
      }
      if (found.kind === 'value' || found.kind === 'outdated') return await this.#lease(found.version);
      return 'others';
    } catch (error) {
      if (!isHotError(error)) throw error;
      counts.withoutRedis += 1;
      return 'unreachable';
    }
  }

  async #lease(version: string): Promise<Hold | 'others' | 'again'> {
    const { hot, leaseKey, fullKey } = this.#ground;
    const { key, policy } = this.#making;
    const lease = await hot.leases.acquire(leaseKey(key), policy.claimMs);
    if (lease === undefined) return 'others';
    // Who held it before may have replaced it since it was read.
    const now = await hot.entries.read(fullKey(key));
    if (now?.version === version) return { kind: 'lease', expected: version, lease };
    await hot.leases.release(lease);
    return 'again';
  }

  async #wait(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, pause(LOOK_AGAIN_MS, this.#abort.signal)]);
    this.#wake = undefined;
  }

  async #make(hold: Hold | undefined): Promise<void> {
    const { counts } = this.#ground;
    const { key, policy } = this.#making;
    if (!this.#answered) counts.misses += 1;
    const renewing =
      hold === undefined ? undefined : setInterval(() => this.#renew(hold), policy.claimMs / 3);
    const since = performance.now();
    this.#began = true;
    try {
      const made = await this.#making.make({
        key,
        signal: this.#abort.signal,
        stale: this.#usableFallback(),
        reason: this.#answered ? 'refresh' : 'miss',
      });
      await this.#made(made, hold, since);
    } catch (error) {
      clearInterval(renewing);
      const undisturbed = await this.#letGo(hold, policy.errorBackoffMs);
      if (undisturbed && !this.#abort.signal.aborted) this.#failed(error);
      this.#fail(error);
    } finally {
      clearInterval(renewing);
    }
  }

  /** Who asks next gets the same, for a while. */
  #failed(error: unknown): void {
    const { key, policy } = this.#making;
    this.#ground.failed(key, { error, fallback: this.#usableFallback() }, policy.errorBackoffMs);
  }

  async #made(made: Made, hold: Hold | undefined, since: number): Promise<void> {
    const { key, policy } = this.#making;
    // Nobody waits for what comes too late, and its claim is somebody else's by now.
    if (this.#abort.signal.aborted) return;
    const overtaken = (): boolean => this.#overtaken;
    const kept = await this.#ground.store({ key, made, policy, expected: hold?.expected, since, overtaken });
    if (kept.stored) await this.#releaseLease(hold);
    else await this.#letGo(hold, 0);
    this.#settle(kept.copy);
  }

  #renew(hold: Hold): void {
    const { hot, fullKey } = this.#ground;
    const { key, policy } = this.#making;
    const renewed =
      hold.kind === 'claim'
        ? hot.entries.extend(fullKey(key), hold.expected, policy.claimMs)
        : hot.leases.renew(hold.lease, policy.claimMs);
    renewed.catch(() => undefined); // It ends by itself then, and what is stored under it is refused.
  }

  async #releaseLease(hold: Hold | undefined): Promise<void> {
    if (hold?.kind === 'lease') await this.#ground.hot.leases.release(hold.lease).catch(() => undefined);
  }

  /**
   * Gives the turn to others, at once or a little later. That it is not told to Redis costs time only: it ends by itself.
   * @returns whether nobody wrote the key since it was looked up, as far as is known
   */
  async #letGo(hold: Hold | undefined, afterMs: number): Promise<boolean> {
    try {
      // A claim that still stands says more than we were told: Redis tells us of what we did ourselves, too.
      if (hold?.kind === 'claim') return await this.#letGoClaim(hold.expected, afterMs);
      if (hold?.kind === 'lease') await this.#letGoLease(hold.lease, afterMs);
    } catch (error) {
      if (!isHotError(error)) throw error;
    }
    return !this.#overtaken;
  }

  async #letGoClaim(claim: string, afterMs: number): Promise<boolean> {
    const { hot, fullKey } = this.#ground;
    const key = fullKey(this.#making.key);
    if (afterMs > 0) return hot.entries.extend(key, claim, afterMs);
    await hot.entries.unclaim(key, claim, 0, this.#ground.feed);
    return !this.#overtaken;
  }

  async #letGoLease(lease: Lease, afterMs: number): Promise<void> {
    const { leases } = this.#ground.hot;
    await (afterMs > 0 ? leases.renew(lease, afterMs) : leases.release(lease));
  }

  #settle(copy: Copy): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve(copy);
  }

  #settleStale(copy: Copy): void {
    if (this.#settled || this.#answered) return;
    this.#ground.counts.staleServed += 1;
    this.#answered = true;
    this.#settle(copy);
    this.#ground.answered(this.#making.key, this);
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    const fallback = this.#usableFallback();
    if (fallback !== undefined) return this.#settleStale(fallback);
    this.#settled = true;
    this.#reject(error);
  }

  #tooLate(): void {
    const error = this.#timeout(this.hardTimeoutMs);
    // Who waited for another process learnt nothing about the factory.
    if (this.#began && !this.#overtaken) this.#failed(error);
    this.stop(error);
  }

  #timeout(hardTimeoutMs: number): StockroomError {
    const message = `No value within ${hardTimeoutMs} ms (hardTimeoutMs)`;
    return new StockroomError('FACTORY_TIMEOUT', message, { details: { namespace: this.#ground.name } });
  }

  /** Nobody waits for it any longer. */
  stop(error: StockroomError): void {
    this.#fail(error);
    this.#abort.abort(error);
    this.#ground.forget(this.#making.key, this);
  }

  /** Within its life as well: nobody vouches for it any more, or it would have been given at once. */
  #usableFallback(): Copy | undefined {
    const { staleWhileRevalidateMs, staleIfErrorMs } = this.#making.policy;
    const staleMs = Math.max(staleWhileRevalidateMs, staleIfErrorMs);
    return isFallback(this.#fallback, staleMs) ? this.#fallback : undefined;
  }

  #boundFallback(): void {
    const { softTimeoutMs } = this.#making.policy;
    if (softTimeoutMs === undefined || this.#fallback === undefined) return;
    this.#bound(softTimeoutMs, () => {
      const fallback = this.#usableFallback();
      if (fallback !== undefined) this.#settleStale(fallback);
    });
  }

  #bound(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }

  #end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#making.decided();
    this.#ground.forget(this.#making.key, this);
  }
}
