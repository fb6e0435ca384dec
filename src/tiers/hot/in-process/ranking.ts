import type { Ranked } from '../port.ts';
import { textBytes } from './bytes.ts';
import { compareRanked } from './order.ts';

const SCORE_BYTES = 8;

/** Members in the order of their scores, found by their id as well. */
export class Ranking {
  readonly kind = 'ranking';
  readonly #scores = new Map<string, number>();
  /** The lowest first. */
  #sorted: Ranked[];
  #bytes = 0;

  constructor(members: readonly Ranked[]) {
    for (const { id, score } of members) {
      if (!this.#scores.has(id)) this.#bytes += memberBytes(id);
      this.#scores.set(id, score);
    }
    this.#sorted = Array.from(this.#scores, ([id, score]) => ({ id, score })).sort(compareRanked);
  }

  /** An estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a member, or moves it to its new score. */
  put({ id, score }: Ranked): void {
    this.remove(id);
    const member = { id, score };
    this.#scores.set(id, score);
    this.#sorted.splice(this.#placeOf(member), 0, member);
    this.#bytes += memberBytes(id);
  }

  remove(id: string): void {
    const score = this.#scores.get(id);
    if (score === undefined) return;
    this.#scores.delete(id);
    this.#sorted.splice(this.#placeOf({ id, score }), 1);
    this.#bytes -= memberBytes(id);
  }

  /** Removes all but the `count` highest. */
  keep(count: number): void {
    const surplus = this.#sorted.splice(0, Math.max(0, this.#sorted.length - count));
    for (const { id } of surplus) {
      this.#scores.delete(id);
      this.#bytes -= memberBytes(id);
    }
  }

  highest(count: number): Ranked[] {
    return this.#sorted.slice(Math.max(0, this.#sorted.length - count)).reverse();
  }

  lowest(count: number): Ranked[] {
    return this.#sorted.slice(0, count);
  }

  all(): Ranked[] {
    return [...this.#sorted];
  }

  /** Where a member stands, or would stand, among the sorted ones. */
  #placeOf(member: Ranked): number {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareRanked(this.#sorted[middle]!, member) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function memberBytes(id: string): number {
  return textBytes(id) + SCORE_BYTES;
}
