import { type HotTier, Remembered } from '../hot/index.ts';

/**
 * Keys of which Redis may hold something older than PostgreSQL, since it was away when they were written. Until they are dropped
 * from it, PostgreSQL is asked. Beyond what can be remembered, every copy made before is compared with PostgreSQL once.
 */
export class Unbelieved {
  readonly #remembered: Remembered;
  readonly #mark: string;
  #beforeMs = 0;

  constructor(hot: HotTier) {
    // No state has this name: every name has a family.
    this.#mark = `${hot.prefix}state:`;
    this.#remembered = new Remembered(hot, this.#mark);
  }

  add(fullKeys: readonly string[]): void {
    if (fullKeys.length === 0) return;
    this.#remembered.add(fullKeys);
    if (this.#remembered.has(this.#mark)) this.#beforeMs = Date.now();
  }

  has(fullKey: string): boolean {
    return this.#remembered.has(fullKey);
  }

  /** Copies that were made or compared at or before this time have to be compared. */
  get beforeMs(): number {
    return this.#beforeMs;
  }

  /** What was not dropped by then is compared by those who read it, within `trustMs`. */
  close(): Promise<void> {
    return this.#remembered.close();
  }
}
