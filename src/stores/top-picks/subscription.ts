import { channel } from '../../core/diagnostics.ts';
import { jsonIntegerOrNull } from '../../core/json-number.ts';
import { pause } from '../../core/wait.ts';
import type { DurableTier } from '../../tiers/durable/index.ts';
import type { RunNotice } from './schema.ts';

/** How often runs of other processes are looked for. */
const LOOK_MS = 1_000;
/** Runs of one look. */
const LOOK_MAX = 100;
/**
 * Ids are given before the commit, so a run may appear below one that was told. So far below, counted in ids, it is found; a
 * transaction during which more runs than that are saved by others would be missed.
 */
const LOOK_BACK = 256;

/** A run is told again, before any later one, after a listener rejected; it is not known to others whether it got it. */
export type RunListener = (run: RunNotice) => void | Promise<void>;

export interface Subscription {
  /** Resolves when the listener is not called any more. */
  close(): Promise<void>;
}

export interface ListenerFailure {
  readonly runId: string;
  readonly error: unknown;
}

/** A listener rejected: its run is told again. */
export const listenerFailure = channel<ListenerFailure>('stockroom:top-picks:listener-failure');

interface NoticeRow extends Omit<RunNotice, 'picks_count'> {
  id: bigint;
  picks_count: bigint | null;
}

/** Tells one listener of every run that is committed, by whichever process, in the order in which they are seen. */
export class RunSubscription implements Subscription {
  readonly #durable: DurableTier;
  readonly #listener: RunListener;
  readonly #closing = new AbortController();
  /** Ids within `LOOK_BACK` that need not be told. */
  #known = new Set<bigint>();
  #highest = 0n;
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(durable: DurableTier, listener: RunListener) {
    this.#durable = durable;
    this.#listener = listener;
  }

  /** Resolves when every run that is saved from now on will be told. */
  async start(): Promise<void> {
    const { rows } = await this.#durable.query<{ id: bigint }>(
      'select id from top_picks_runs order by id desc limit $1',
      [LOOK_BACK],
    );
    for (const { id } of rows.toReversed()) this.#settle(id);
    this.#running = this.#run();
  }

  /** Something was saved: looks at once. */
  wake(): void {
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        while ((await this.#look()) === LOOK_MAX && !signal.aborted);
      } catch {
        // PostgreSQL is away, which its own callers and channels learn; the next look finds the same runs.
      }
      if (!signal.aborted) await pause(LOOK_MS, this.#wake.signal);
    }
  }

  /** @returns how many were told */
  async #look(): Promise<number> {
    const { rows } = await this.#durable.query<NoticeRow>(
      `select id, run_id, universe, mode, generated_at, picks_count from top_picks_runs
       where id > $1 and legacy_source is null and not (id = any($2::bigint[])) order by id limit $3`,
      [this.#floor, [...this.#known].map(String), LOOK_MAX],
    );
    for (const [index, row] of rows.entries()) {
      if (this.#closing.signal.aborted || !(await this.#tell(row))) return index;
      this.#settle(row.id);
    }
    return rows.length;
  }

  async #tell({ run_id, universe, mode, generated_at, picks_count }: NoticeRow): Promise<boolean> {
    const count = jsonIntegerOrNull(picks_count);
    try {
      await this.#listener({ run_id, universe, mode, generated_at, picks_count: count });
      return true;
    } catch (error) {
      listenerFailure.publish(() => ({ runId: run_id, error }));
      return false;
    }
  }

  get #floor(): bigint {
    return this.#highest - BigInt(LOOK_BACK);
  }

  #settle(id: bigint): void {
    if (id > this.#highest) this.#highest = id;
    this.#known.add(id);
    if (this.#known.size <= LOOK_BACK) return;
    this.#known = new Set([...this.#known].filter((known) => known > this.#floor));
  }
}
