import { createMigrationHistory, type MigrationRun } from '../migration/history.ts';
import { migrationStatus, type MigrationStatus } from '../migration/state.ts';
import type { Durable } from './tier-health.ts';

const EVERY_MS = 1_000;

export interface MigrationState {
  /** The newest; null: none was ever begun. */
  readonly run: MigrationRun | null;
  readonly sources: MigrationStatus['sources'];
  readonly quarantined: number;
}

type Listener = (state: MigrationState) => void;

/**
 * How far a migration is, of whichever process: it is read from the books once a second while anybody listens, and told when it is
 * another than before. Between runs one small row is read.
 */
export class MigrationWatch {
  readonly #durable: Durable;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #last: MigrationState | undefined;
  #text = '';
  #failed = false;

  constructor(durable: Durable, onError: (error: unknown) => void) {
    this.#durable = durable;
    this.#onError = onError;
  }

  /** Tells where it stands, and from then on every change. @returns the way to stop */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#last = undefined;
      this.#timer = setInterval(() => this.#look(), EVERY_MS);
      this.#look();
    } else if (this.#last !== undefined) listener(this.#last);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#stop();
    await this.#reading;
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#text = '';
  }

  #look(): void {
    this.#reading ??= this.#read()
      .then(
        () => {
          this.#failed = false;
        },
        (error: unknown) => {
          // Once, not every second: /health has it meanwhile.
          if (!this.#failed) this.#onError(error);
          this.#failed = true;
        },
      )
      .finally(() => {
        this.#reading = undefined;
      });
  }

  async #read(): Promise<void> {
    const [run = null] = await createMigrationHistory({ durable: this.#durable }).runs(1);
    const known = this.#last?.run;
    // What has ended stays as it is.
    if (run?.finished_at != null && known?.id === run.id && known.finished_at !== null) return;
    if (run === null && this.#last !== undefined) return;
    const { sources, quarantined } = await migrationStatus(this.#durable);
    const state = { run, sources, quarantined };
    const text = JSON.stringify(state);
    if (text === this.#text) return;
    this.#text = text;
    this.#last = state;
    for (const listener of this.#listeners) listener(state);
  }
}
