import { StockroomError } from '../core/errors.ts';
import { pause, within } from '../core/wait.ts';
import type { DurableTier } from '../tiers/durable/index.ts';
import { type LockConnection, openLockConnection } from './lock-connection.ts';
import type { RunLock, RunLocks } from './run-lock.ts';
import type { JobSettings } from './settings.ts';

/** One for the locks, and one for what the jobs do. */
const POOL_MIN = 2;
/** An answer may be here already when a process that was suspended looks at its clock. */
const LAST_WORD_MS = 250;
/** How long is waited for a connection to be given back at the end: a server that hangs lets it wait for ever. */
const END_MS = 1_000;

interface Held {
  readonly job: string;
  readonly lost: AbortController;
  /** The connection that has the lock; undefined: it is gone, and another is looked for. */
  on: LockConnection | undefined;
  /** When the connection that had it was last asked, and answered. */
  provenAt: number;
}

/**
 * Session locks of PostgreSQL, all of a process on one connection of its pool, which is borrowed while there are any. They end with the
 * connection, so a process that is killed holds none, and one that is slow or suspended keeps its own.
 *
 * A connection may also end alone. Others wait for `takeoverMs` before they take a lock for one whose process is gone; here it is asked
 * for every `lockCheckMs`, taken anew when its connection is gone, and lost when neither has worked for `lockLostMs`.
 */
export class FleetLocks implements RunLocks {
  readonly #durable: DurableTier;
  readonly #schema: string;
  readonly #settings: Pick<JobSettings, 'lockCheckMs' | 'lockLostMs'>;
  readonly #held = new Map<string, Held>();
  readonly #taking = new Set<string>();
  #connection: Promise<LockConnection> | undefined;
  #watching: AbortController | undefined;

  constructor(
    durable: DurableTier,
    schema: string,
    settings: Pick<JobSettings, 'lockCheckMs' | 'lockLostMs'>,
  ) {
    this.#durable = durable;
    this.#schema = schema;
    this.#settings = settings;
  }

  async take(job: string): Promise<RunLock | undefined> {
    if (this.#durable.concurrency < POOL_MIN) throw poolTooSmall();
    if (this.#held.has(job) || this.#taking.has(job)) return undefined;
    this.#taking.add(job);
    const held: Held = { job, lost: new AbortController(), on: undefined, provenAt: performance.now() };
    try {
      if (!(await this.#lock(held))) return undefined;
      this.#held.set(job, held);
      this.#watch();
      return this.#lockOf(held);
    } finally {
      this.#taking.delete(job);
      this.#giveBackUnused();
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    for (const held of this.#held.values()) this.#lose(held);
    const ended = connection?.then((opened) => opened.end()).catch(() => undefined);
    if (ended !== undefined) await within(ended, END_MS);
  }

  #lockOf(held: Held): RunLock {
    return {
      job: held.job,
      lost: held.lost.signal,
      query: async (sql, params) => {
        if (held.on === undefined) throw connectionGone(held.job);
        return await held.on.query(sql, params);
      },
      release: async () => {
        // Where it fails the connection is gone, and with it the lock.
        await held.on?.unlock(this.#nameOf(held)).catch(() => undefined);
        this.#drop(held);
      },
    };
  }

  #nameOf({ job }: Held): string {
    return `${this.#schema}.run.${job}`;
  }

  /** @throws also when the connection was given up meanwhile, and its locks with it */
  async #lock(held: Held): Promise<boolean> {
    const askedAt = performance.now();
    const opening = this.#open();
    const connection = await opening;
    if (!(await connection.lock(this.#nameOf(held)))) return false;
    if (this.#connection !== opening) throw connectionGone(held.job);
    held.on = connection;
    held.provenAt = askedAt;
    return true;
  }

  #open(): Promise<LockConnection> {
    if (this.#connection !== undefined) return this.#connection;
    const opening = openLockConnection(this.#durable);
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = undefined;
    });
    this.#connection = opening;
    return opening;
  }

  #drop(held: Held): void {
    held.on = undefined;
    if (this.#held.get(held.job) === held) this.#held.delete(held.job);
    this.#giveBackUnused();
  }

  #giveBackUnused(): void {
    if (this.#held.size > 0) return;
    this.#watching?.abort();
    this.#watching = undefined;
    if (this.#taking.size === 0) this.#forget();
  }

  #lose(held: Held): void {
    this.#drop(held);
    held.lost.abort();
  }

  /** The next one who needs a connection opens another. */
  #forget(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    for (const held of this.#held.values()) held.on = undefined;
    void connection?.then((opened) => opened.end()).catch(() => undefined);
  }

  #watch(): void {
    if (this.#watching !== undefined) return;
    const watching = new AbortController();
    this.#watching = watching;
    void this.#watchUntil(watching.signal);
  }

  async #watchUntil(end: AbortSignal): Promise<void> {
    const { lockCheckMs } = this.#settings;
    let isWell = true;
    while (!end.aborted) {
      await pause(isWell ? lockCheckMs : Math.min(lockCheckMs, LAST_WORD_MS), end);
      if (!end.aborted) isWell = await this.#check();
    }
  }

  /** @returns false when it is to be tried again soon */
  async #check(): Promise<boolean> {
    const askedAt = performance.now();
    const all = Array.from(this.#held.values());
    const until = Math.min(...all.map(({ provenAt }) => provenAt)) + this.#settings.lockLostMs;
    const asked = this.#prove(all, askedAt).then(
      () => true,
      () => false,
    );
    const left = Math.max(0, until - askedAt);
    const isProven = (await within(asked, left)) ?? (await within(asked, LAST_WORD_MS));
    if (isProven === true) return true;
    this.#forget();
    const now = performance.now();
    for (const held of all) {
      if (held.provenAt + this.#settings.lockLostMs <= now) this.#lose(held);
    }
    return false;
  }

  async #prove(all: readonly Held[], askedAt: number): Promise<void> {
    const opening = this.#open();
    const connection = await opening;
    await connection.prove();
    for (const held of all) {
      if (this.#connection !== opening) return;
      if (this.#held.get(held.job) !== held) continue;
      if (held.on === connection) held.provenAt = askedAt;
      else if (!(await this.#lock(held))) this.#lose(held);
      else if (this.#held.get(held.job) !== held) await connection.unlock(this.#nameOf(held));
    }
  }
}

function connectionGone(job: string): StockroomError {
  return new StockroomError('DATABASE_UNREACHABLE', `The connection that held the lock of ${job} is gone.`);
}

function poolTooSmall(): StockroomError {
  return new StockroomError(
    'CONFIG_INVALID',
    'DATABASE_POOL_MAX: scheduled work takes 2 connections and `retention` 3, found 1',
    { details: { variable: 'DATABASE_POOL_MAX' } },
  );
}
