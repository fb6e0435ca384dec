import { isHotError } from '../hot/index.ts';
import { codeOf } from '../../core/errors.ts';
import { stateFlush, stateRefused } from '../../core/state-diagnostics.ts';
import { pause, within } from '../../core/wait.ts';
import { sqlState } from '../durable/index.ts';
import type { HotTier } from '../hot/index.ts';
import type { Queue, Queued } from './queue.ts';
import type { Rows } from './rows.ts';
import type { HotStateSettings } from './settings.ts';
import type { Unbelieved } from './unbelieved.ts';

export interface WriterOptions {
  readonly hot: HotTier;
  readonly rows: Rows;
  readonly queue: Queue;
  readonly unbelieved: Unbelieved;
  readonly settings: HotStateSettings;
}

/** Carries what is queued to PostgreSQL: in time, in batches, again and again until it is there. */
export class Writer {
  readonly #options: WriterOptions;
  #running: Promise<void> = Promise.resolve();
  /** A flush that has not begun: whoever asks for one shares it. */
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  #failures = 0;
  #closed = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** PostgreSQL did not take the last batch. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Something was queued, or somebody waits for room. */
  readonly wake = (): void => {
    const { queue, settings } = this.#options;
    if (queue.size === 0 || (this.failing && this.#timer !== undefined)) return;
    // The other half of the lag is for the flush itself.
    this.#schedule(queue.isFull || queue.size >= settings.batchMax ? 0 : settings.lagMs / 2);
  };

  /**
   * Resolves when everything that is queued now is in PostgreSQL, or something newer.
   * @throws the error of PostgreSQL when a batch failed; it stays queued and is tried again
   */
  flush(): Promise<void> {
    this.#next ??= this.#running.then(ignore, ignore).then(() => {
      this.#next = undefined;
      this.#running = this.#pass();
      return this.#running;
    });
    return this.#next;
  }

  /** Flushes until nothing is left, or the time is over. Nothing is flushed by itself after that. */
  async close(ms: number): Promise<void> {
    const { queue, settings } = this.#options;
    this.#closed = true;
    clearTimeout(this.#timer);
    const deadline = performance.now() + ms;
    while (queue.size > 0 && performance.now() < deadline) {
      try {
        await within(this.flush(), deadline - performance.now());
      } catch {
        // The caller says what is left.
        await pause(Math.min(this.#backoffMs(), Math.max(0, deadline - performance.now()), settings.lagMs));
      }
    }
  }

  #schedule(ms: number): void {
    const at = performance.now() + ms;
    if (this.#closed || (this.#timer !== undefined && this.#timerAt <= at)) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // A failure was told on the channel, and the batch is kept.
      this.flush().then(this.wake, () => this.#schedule(this.#backoffMs()));
    }, ms);
  }

  #backoffMs(): number {
    const { retryMinMs, retryMaxMs } = this.#options.settings;
    const ms = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.#failures - 1, 16));
    return ms * (0.5 + Math.random() / 2);
  }

  async #pass(): Promise<void> {
    for (const batch of batchesOf(this.#options.queue.items(), this.#options.settings)) {
      try {
        await this.#observed(batch);
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        throw error;
      }
    }
  }

  async #observed(batch: readonly Queued[]): Promise<void> {
    const start = performance.now();
    const tell = (rows: number, errorCode: string | undefined): void =>
      stateFlush.publish(() => ({
        rows,
        durationMs: performance.now() - start,
        oldestMs: start - Math.min(...batch.map(({ since }) => since)),
        failed: batch.length - rows,
        errorCode,
      }));
    try {
      tell(await this.#write(batch), undefined);
    } catch (error) {
      tell(0, sqlState(error) ?? codeOf(error));
      throw error;
    }
  }

  /** @returns how many rows PostgreSQL has; those that it refuses for what they are fail alone */
  async #write(batch: readonly Queued[]): Promise<number> {
    const { rows, queue } = this.#options;
    let taken: boolean[];
    try {
      taken = await rows.writeBehind(batch);
    } catch (error) {
      const state = sqlState(error) ?? '';
      if (!refusesValues(state)) throw error;
      if (batch.length > 1) {
        const half = batch.length >> 1;
        return (await this.#write(batch.slice(0, half))) + (await this.#write(batch.slice(half)));
      }
      const [item] = batch as [Queued];
      const { family, key } = item.name;
      stateRefused.publish(() => ({ family, key, sqlState: state }));
      queue.done(item);
      return 0;
    }
    // Until this is done reads look into the queue, so that they never find what is about to be dropped.
    await this.#settle(batch, taken);
    for (const item of batch) queue.done(item);
    return batch.length;
  }

  /**
   * Redis may have lost a state while it was queued, and an older one may have been read from PostgreSQL and put there since: that is
   * dropped. So is what PostgreSQL did not take, having something newer.
   */
  async #settle(batch: readonly Queued[], taken: readonly boolean[]): Promise<void> {
    const { hot, unbelieved } = this.#options;
    const now = Date.now();
    const outcomes = await Promise.allSettled(
      batch.map(({ name, content }, at) =>
        hot.states.settle(name.fullKey, content.version, taken[at] === true ? now : undefined),
      ),
    );
    unbelieved.add(
      outcomes.flatMap((outcome, at) => {
        if (outcome.status === 'fulfilled') return [];
        if (!isHotError(outcome.reason)) throw outcome.reason;
        return [batch[at]!.name.fullKey];
      }),
    );
  }
}

/** Data exceptions, constraints, and limits (a key that is too long for the index, a document too deep). */
function refusesValues(state: string): boolean {
  return /^(22|23|54)/.test(state);
}

function* batchesOf(items: readonly Queued[], settings: HotStateSettings): Generator<Queued[]> {
  let batch: Queued[] = [];
  let characters = 0;
  for (const item of items) {
    const length = item.content.body.length;
    const over = characters + length > settings.batchMaxCharacters || batch.length >= settings.batchMax;
    if (batch.length > 0 && over) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(item);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

const ignore = (): void => undefined;
