import type { Attempt, Look } from './queue.ts';

interface Free extends Attempt {
  /** Of the first look at which its lock was free. */
  readonly since: number;
  /** Of the last one. */
  seenAt: number;
}

/** Tells runs whose process is gone from those whose process has lost its lock for a moment. */
export class Orphans {
  readonly #afterMs: number;
  readonly #free = new Map<string, Free>();

  /** @param afterMs for how long its lock has to have been free at each look; looks are never half of that apart */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** @returns the run under way, when its process is gone */
  found({ name, active, held }: Look, now = performance.now()): Attempt | undefined {
    if (active === undefined || held) {
      this.#free.delete(name);
      return undefined;
    }
    const before = this.#free.get(name);
    const isSame = before?.id === active.id && before.attempt === active.attempt;
    const isSeen = isSame && now - before.seenAt < this.#afterMs / 2;
    const free = isSeen ? before : { ...active, since: now, seenAt: now };
    free.seenAt = now;
    this.#free.set(name, free);
    return now - free.since >= this.#afterMs ? active : undefined;
  }
}
