import type { QuotaAnswer } from '../tiers/hot/index.ts';

type Take = (key: string, cost: number) => Promise<QuotaAnswer>;
type Taker = (answer: Promise<QuotaAnswer>) => void;

/**
 * Takes from quotas for callers that ask at once: one call of a key at a time, and the next one takes for all who came meanwhile. Who
 * is allowed is what single calls would have said: where there is not enough for all, each takes for itself.
 */
export class SharedTakes {
  readonly #take: Take;
  /** By key, while a call is under way. */
  readonly #waiting = new Map<string, Taker[]>();

  constructor(take: Take) {
    this.#take = take;
  }

  one(key: string): Promise<QuotaAnswer> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) void this.#takeFor(key, [resolve]);
      else waiting.push(resolve);
    });
  }

  async #takeFor(key: string, first: Taker[]): Promise<void> {
    const waiting: Taker[] = [];
    this.#waiting.set(key, waiting);
    for (let takers = first; takers.length > 0; takers = waiting.splice(0)) {
      const asked = this.#take(key, takers.length);
      const isForAll = await asked.then(
        ({ allowed }) => allowed || takers.length === 1,
        () => true,
      );
      const each = isForAll ? () => asked : () => this.#take(key, 1);
      for (const taker of takers) taker(each());
    }
    this.#waiting.delete(key);
  }
}
