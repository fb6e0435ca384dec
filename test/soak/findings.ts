import type { Verdict } from './oracle.ts';
import type { Statistics } from './statistics.ts';

/** Wrong answers that are kept word by word. */
const KEPT_MAX = 50;

interface Checked {
  checks: number;
  wrong: number;
  stalestMs: number;
}

/** What the checks of a soak found, by what was checked. */
export class Findings {
  readonly #kinds = new Map<string, Checked>();
  /** The first ones. */
  readonly wrong: string[] = [];
  wrongCount = 0;
  readonly #statistics: Statistics;

  constructor(statistics: Statistics) {
    this.#statistics = statistics;
  }

  note(kind: string, verdict: Verdict): void {
    const checked = this.#kinds.get(kind) ?? { checks: 0, wrong: 0, stalestMs: 0 };
    this.#kinds.set(kind, checked);
    checked.checks += 1;
    checked.stalestMs = Math.max(checked.stalestMs, verdict.staleMs);
    this.#statistics.stale(verdict.staleMs);
    if (verdict.wrong === undefined) return;
    checked.wrong += 1;
    this.wrongCount += 1;
    if (this.wrong.length < KEPT_MAX)
      this.wrong.push(`${new Date().toISOString()} ${kind}: ${verdict.wrong}`);
  }

  get kinds(): ReadonlyMap<string, Readonly<Checked>> {
    return this.#kinds;
  }
}
