import type { Clock } from '../../core/clock.ts';
import { pause } from '../../core/wait.ts';
import type { Rows } from './rows.ts';
import type { HotStateSettings } from './settings.ts';

/** Removes what nobody needs any more from PostgreSQL, now and then, a bounded number of rows at once. */
export class Sweeper {
  readonly #rows: Rows;
  readonly #clock: Clock;
  readonly #settings: HotStateSettings;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(rows: Rows, clock: Clock, settings: HotStateSettings) {
    this.#rows = rows;
    this.#clock = clock;
    this.#settings = settings;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      // Jitter: many processes start together and need not sweep together.
      await pause(this.#settings.sweepMs * (0.5 + Math.random()), signal);
      if (signal.aborted) return;
      try {
        await this.#sweep();
      } catch {
        // PostgreSQL is away, which its own channel tells; what is left is swept the next time.
      }
    }
  }

  async #sweep(): Promise<void> {
    const { graceMs, sweepMax } = this.#settings;
    await this.#rows.sample();
    let swept = sweepMax;
    while (swept === sweepMax && !this.#closing.signal.aborted) {
      swept = await this.#rows.sweep(this.#clock().getTime() - graceMs, sweepMax);
    }
  }
}
